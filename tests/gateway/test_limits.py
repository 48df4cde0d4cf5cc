"""Who tries too often has to wait, pair by pair; who came in from a source is not shut out with it (RULES 1.2)."""

import pytest

from ocpp_css.gateway import limits
from ocpp_css.gateway.limits import FIRST_PAUSE_S, FREE_TRIES, FREE_TRIES_OF_SOURCE, LONGEST_PAUSE_S, Guesses, Tries

pytestmark = pytest.mark.trust("A5")


def failed(tries: Tries, number: int, identity: str = "CP", source: str = "s", now: float = 0.0) -> None:
    for _ in range(number):
        tries.failed(identity, source, now)


def test_the_pause_doubles_up_to_the_longest() -> None:
    tries = Tries()
    failed(tries, FREE_TRIES - 1)
    assert tries.may_try("CP", "s", 0.0)
    pauses = []
    for _ in range(12):
        tries.failed("CP", "s", 0.0)
        pause = next(
            p for p in (FIRST_PAUSE_S * 2**n for n in range(20)) if tries.may_try("CP", "s", min(p, LONGEST_PAUSE_S))
        )
        pauses.append(min(pause, LONGEST_PAUSE_S))
        assert not tries.may_try("CP", "s", pauses[-1] - 0.01)
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]


def test_another_source_and_another_identity_are_free() -> None:
    tries = Tries()
    failed(tries, 20)
    assert not tries.may_try("CP", "s", 1.0)
    assert tries.may_try("CP", "t", 1.0)
    assert tries.may_try("CQ", "s", 1.0)


def test_who_came_in_is_forgiven() -> None:
    tries = Tries()
    failed(tries, FREE_TRIES + 1)
    tries.succeeded("CP", "s")
    assert tries.may_try("CP", "s", 0.0)


def test_old_failures_do_not_count() -> None:
    tries = Tries()
    failed(tries, FREE_TRIES)
    failed(tries, 1, now=LONGEST_PAUSE_S + 10)
    assert tries.may_try("CP", "s", LONGEST_PAUSE_S + 10)


@pytest.mark.trust("A6")
def test_a_source_that_sprays_waits_but_not_who_lives_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "FREE_TRIES_OF_SOURCE", FREE_TRIES_OF_SOURCE)
    tries = Tries()
    tries.succeeded("RESIDENT", "s")
    for number in range(FREE_TRIES_OF_SOURCE):
        tries.failed(f"X{number}", "s", 0.0)
    assert not tries.may_guess("Y", "s", 0.5)
    assert tries.may_guess("RESIDENT", "s", 0.5)
    assert tries.may_try("Y", "s", 0.5)
    failed(tries, FREE_TRIES, identity="RESIDENT")
    assert not tries.may_try("RESIDENT", "s", 0.5)


@pytest.mark.trust("A6")
def test_a_source_that_waits_is_not_made_to_wait_longer_by_its_neighbours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "FREE_TRIES_OF_SOURCE", FREE_TRIES_OF_SOURCE)
    tries = Tries()
    for number in range(10 * FREE_TRIES_OF_SOURCE):
        tries.failed(f"X{number}", "s", 0.0)
    assert not tries.may_guess("Y", "s", FIRST_PAUSE_S - 0.1)
    assert tries.may_guess("Y", "s", FIRST_PAUSE_S)


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_REMEMBERED", 10)
    tries = Tries()
    for number in range(100):
        tries.failed(f"X{number}", f"s{number}", 0.0)
        tries.succeeded(f"Y{number}", f"s{number}")
    assert len(tries._failures) <= 10
    assert len(tries._trusted) <= 10


@pytest.mark.trust("A44")
def test_tokens_are_told_again_when_an_hour_has_fewer_unknown_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_REMEMBERED", 10)
    guesses, place = Guesses(), (1, 1)
    told = [guesses.unknown(place, f"X{n}", float(n)) for n in range(limits.UNKNOWN_TOKENS + 3)]
    assert told.index(True) == limits.UNKNOWN_TOKENS - 1
    assert sum(told) == 1
    assert not guesses.is_told(place, "GOOD", 40.0)
    assert guesses.is_told((1, 2), "GOOD", 40.0)
    assert guesses.is_told(place, "GOOD", 3.0 + limits.TOKEN_WINDOW_S)
    for number in range(100):
        guesses.unknown((2, number), "X", 0.0)
    assert len(guesses._stations) <= 10
