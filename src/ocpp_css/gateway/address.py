"""Where a station knocks: `/ocpp/{identity}`, with an account's connection code before or behind it (RULES 1.1)."""

import re
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

PREFIX = "ocpp"
_CODE = re.compile(r"a-[a-z2-7]{12}")
_IDENTITY = re.compile(r"[A-Za-z0-9*\-_=+|@.]{1,48}")


class Address(NamedTuple):
    """Who knocks, and at which account's door; without a code at the common one."""

    identity: str
    code: str | None


def is_identity(text: str) -> bool:
    """OCPP-J 2.x 3.1: up to 48 of letters, digits and `*-_=+|@.`; no connection code is one."""
    return bool(_IDENTITY.fullmatch(text)) and not is_code(text) and text not in {".", ".."}


def is_code(text: str) -> bool:
    """The shape of a connection code: `a-` and 12 base32 characters."""
    return bool(_CODE.fullmatch(text))


def parse(path: bytes) -> Address | None:
    """The address in a request's path, or None where it has none; the query does not count."""
    segments = path.split(b"?", 1)[0].split(b"/")
    if len(segments) not in {3, 4} or segments[0] or segments[1] != PREFIX.encode():
        return None
    try:
        texts = [unquote_to_bytes(segment).decode("ascii") for segment in segments[2:]]
    except UnicodeDecodeError:
        return None
    codes = [text for text in texts if is_code(text)]
    identities = [text for text in texts if is_identity(text)]
    if len(identities) != 1 or len(codes) != len(texts) - 1:
        return None
    return Address(identities[0], codes[0] if codes else None)
