"""Identifiers: unique, growing, readable, and transaction ids nobody can guess."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocpp_css.kit import ids
from ocpp_css.kit.ids import Ids, first_id_at, number_of, parse_public, permute31, public

numbers = st.integers(0, (1 << 63) - 1)


def test_numbers_of_one_process_grow_and_never_repeat(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([1_800_000_000_000_000_000] * 5_000 + [1_700_000_000_000_000_000] * 5_000)
    monkeypatch.setattr(ids.time, "time_ns", lambda: next(clock))
    made = Ids(3)
    found = [made.next() for _ in range(10_000)]
    assert found == sorted(set(found))


def test_numbers_of_two_processes_never_meet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ids.time, "time_ns", lambda: 1_800_000_000_000_000_000)
    first, second = Ids(1), Ids(2)
    assert not {first.next() for _ in range(5_000)} & {second.next() for _ in range(5_000)}


def test_numbers_stay_within_63_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ids.time, "time_ns", lambda: 5_900_000_000_000_000_000)
    assert 0 < Ids(1023).next() < 1 << 63


def test_a_time_becomes_the_first_number_of_its_millisecond(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ids.time, "time_ns", lambda: 1_800_000_000_123_456_789)
    number = Ids(5).next()
    assert first_id_at(1_800_000_000_123) <= number < first_id_at(1_800_000_000_124)
    assert first_id_at(0) == 0
    assert first_id_at(250_000_000_000_000) == (1 << 63) - 1  # a filter for the year 9892 finds nothing, and no fault


@given(numbers)
def test_a_public_text_is_read_back(number: int) -> None:
    text = public(number)
    assert len(text) == 13
    assert parse_public(text) == number


@given(numbers, numbers)
def test_public_texts_sort_as_their_numbers(first: int, second: int) -> None:
    assert (public(first) < public(second)) is (first < second)


@given(st.text(max_size=15))
def test_any_other_text_is_no_number(text: str) -> None:
    number = parse_public(text)
    assert number is None or (public(number) == text and number < 1 << 63)


def test_a_text_that_is_no_number_raises_what_the_caller_says() -> None:
    assert number_of(public(7), LookupError) == 7
    with pytest.raises(LookupError):
        number_of("nobody", LookupError)


@given(st.integers(1, (1 << 31) - 1), st.binary(min_size=16, max_size=32))
def test_a_transaction_id_is_positive_and_of_31_bits(number: int, key: bytes) -> None:
    assert 0 < permute31(number, key) < 1 << 31


def test_transaction_ids_do_not_meet_and_do_not_follow_one_another() -> None:
    found = [permute31(number, b"k" * 32) for number in range(1, 20_001)]
    assert len(set(found)) == 20_000
    assert not any(after - before == 1 for before, after in pairwise(found))
    assert found != [permute31(number, b"l" * 32) for number in range(1, 20_001)]


@pytest.mark.parametrize("number", [0, -1, 1 << 31])
def test_what_has_more_bits_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match="31-bit"):
        permute31(number, b"k" * 32)
