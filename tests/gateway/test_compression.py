"""permessage-deflate: what is offered, what fits, what is a bomb (RULES 1.5)."""

import contextlib
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocpp_css.gateway import compression


@pytest.mark.parametrize(
    ("offers", "is_met"),
    [
        ("", False),
        ("x-webkit-deflate-frame", False),
        ("permessage-deflate", True),
        ("permessage-deflate; client_max_window_bits", True),
        ("permessage-deflate; client_max_window_bits=12; server_no_context_takeover", True),
        ("permessage-deflate; server_max_window_bits=10", False),
        ("permessage-deflate; server_max_window_bits=10, permessage-deflate", True),
        ('permessage-deflate; server_max_window_bits="15"', True),
        ("permessage-deflate; unheard_of", False),
        ("x, permessage-deflate;client_no_context_takeover", True),
    ],
)
def test_an_offer_is_met_or_left(offers: str, is_met: bool) -> None:
    assert (compression.accept(offers) is not None) is is_met


@given(st.binary(max_size=5000))
def test_what_is_deflated_is_inflated(message: bytes) -> None:
    packed = compression.deflate(message)
    if packed is None:
        assert len(message) < 256
    else:
        assert compression.inflate(packed, len(message)) == message
        if message:
            with pytest.raises(compression.TooLarge):
                compression.inflate(packed, len(message) - 1)


@pytest.mark.trust("A23")
def test_a_bomb_is_not_inflated() -> None:
    packer = zlib.compressobj(wbits=-15)
    bomb = packer.compress(bytes(50 << 20)) + packer.flush(zlib.Z_SYNC_FLUSH)
    with pytest.raises(compression.TooLarge):
        compression.inflate(bomb, 1 << 20)


@given(st.binary(max_size=300))
def test_any_bytes_are_inflated_or_refused(data: bytes) -> None:
    with contextlib.suppress(zlib.error, compression.TooLarge):
        assert len(compression.inflate(data, 1000)) <= 1000
