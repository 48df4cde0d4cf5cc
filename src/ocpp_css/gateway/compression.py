"""permessage-deflate (RFC 7692) without context take-over, inflation bounded to the message limit (RULES 1.5)."""

import zlib

_TAIL = b"\x00\x00\xff\xff"
_WORTH_BYTES = 256
ANSWER = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"

_WINDOW = "server_max_window_bits"
_FULL_WINDOW = f"{_WINDOW}=15"


class TooLarge(Exception):  # noqa: N818 - a refusal
    """The inflated message would pass the limit."""


def accept(offers: str) -> str | None:
    """The extension header to answer a client's offers with, or None when none can be met."""
    for offer in offers.split(","):
        name, *parameters = (part.strip() for part in offer.split(";"))
        if name == "permessage-deflate" and _can_meet(parameters):
            return f"{ANSWER}; {_FULL_WINDOW}" if any(p.startswith(_WINDOW) for p in parameters) else ANSWER
    return None


def _can_meet(parameters: list[str]) -> bool:
    """A smaller window of ours is not offered by zlib's default; all else is a hint we may follow."""
    known = {"client_max_window_bits", "server_no_context_takeover", "client_no_context_takeover"}
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == _WINDOW and value.strip().strip('"') == "15":
            continue
        if name.strip() not in known:
            return False
    return True


def inflate(data: bytes, limit: int) -> bytes:
    """The message behind `data`; TooLarge beyond `limit` bytes, zlib.error where it is none."""
    inflater = zlib.decompressobj(-15)
    message = inflater.decompress(data + _TAIL, limit)
    if inflater.unconsumed_tail or (len(message) == limit and inflater.decompress(b"", 1)):
        raise TooLarge
    return message


def deflate(message: bytes) -> bytes | None:
    """The compressed form, or None where it is not worth it."""
    if len(message) < _WORTH_BYTES:
        return None
    deflater = zlib.compressobj(wbits=-15, level=3)
    return (deflater.compress(message) + deflater.flush(zlib.Z_SYNC_FLUSH)).removesuffix(_TAIL)
