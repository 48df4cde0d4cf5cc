"""Addresses: one identity, at most one code, in both orders (RULES 1.1)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocpp_css.gateway.address import Address, is_code, is_identity, parse

CODE = "a-abcdefgh2345"


@pytest.mark.parametrize(
    ("path", "address"),
    [
        (b"/ocpp/CP1", Address("CP1", None)),
        (b"/ocpp/CP1?x=1", Address("CP1", None)),
        (b"/ocpp/CP1/a-abcdefgh2345", Address("CP1", CODE)),
        (b"/ocpp/a-abcdefgh2345/CP1", Address("CP1", CODE)),
        (b"/ocpp/%43P1", Address("CP1", None)),
        (b"/ocpp/a-abcdefgh2345", None),
        (b"/ocpp/CP1/CP2", None),
        (b"/ocpp/CP1/", None),
        (b"/ocpp/", None),
        (b"/ocpp", None),
        (b"/OCPP/CP1", None),
        (b"//ocpp/CP1", None),
        (b"ocpp/CP1", None),
        (b"", None),
    ],
)
def test_an_address_is_read(path: bytes, address: Address | None) -> None:
    assert parse(path) == address


@pytest.mark.trust("A12")
@given(st.binary(max_size=80))
def test_no_path_makes_reading_fail_and_what_is_read_is_clean(path: bytes) -> None:
    for given_path in (path, b"/ocpp/" + path, b"/ocpp/CP1/" + path):
        found = parse(given_path)
        assert found is None or (is_identity(found.identity) and (found.code is None or is_code(found.code)))


def test_no_code_is_an_identity() -> None:
    assert is_code(CODE)
    assert not is_identity(CODE)
    assert is_identity("a-abcdefgh234")
    assert not is_identity("x" * 49)
    assert not is_identity("CP1\n")
    assert not is_identity("ÄÖ")
