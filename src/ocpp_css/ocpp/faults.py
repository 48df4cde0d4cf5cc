"""What is wrong with a message: the kinds of fault, and the reading of what msgspec says into one of them.

msgspec tells the first fault only, in words; `classify` knows all the words it has for the types of this package.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import msgspec

READ_ERRORS: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""All that decoding can raise: bad JSON or a breach of the schema, bad UTF-8, nesting without end."""


class FaultKind(StrEnum):
    """Why a message is refused; `errors.code_for` gives the error code of each."""

    MALFORMED_FRAME = "malformed-frame"
    UNKNOWN_MESSAGE_TYPE = "unknown-message-type"
    BAD_MESSAGE_ID = "bad-message-id"
    UNKNOWN_ACTION = "unknown-action"
    WRONG_DIRECTION = "wrong-direction"
    NOT_SUPPORTED = "not-supported"
    MISSING_MEMBER = "missing-member"
    ITEM_COUNT = "item-count"
    WRONG_TYPE = "wrong-type"
    BAD_PROPERTY = "bad-property"
    UNKNOWN_MEMBER = "unknown-member"
    INTERNAL = "internal"
    SECURITY = "security"
    GENERIC = "generic"


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: its kind, where (`$` is the payload, `$.meterValue[0].timestamp` a member of it) and what."""

    kind: FaultKind
    path: str = "$"
    detail: str = ""


def classify(error: BaseException) -> Fault:
    """The fault that `error`, one of `READ_ERRORS`, tells of; any other error is `INTERNAL`, without its text."""
    if isinstance(error, msgspec.ValidationError):
        return _broken_rule(str(error))
    if isinstance(error, READ_ERRORS):
        return Fault(FaultKind.MALFORMED_FRAME, detail=_first_line(error))
    return Fault(FaultKind.INTERNAL)


def _first_line(error: BaseException) -> str:
    return "not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error).partition("\n")[0]


def _broken_rule(text: str) -> Fault:
    """A `ValidationError`: the words, then ` - at ` and the path, which is left out for the payload itself."""
    placed = _PLACED.fullmatch(text)
    words, path = (placed["words"], placed["path"]) if placed else (text, "$")
    if named := _NAMED.fullmatch(words):
        words, path = named["words"], f"{path}.{named['member']}"
    for pattern, kind in _WORDS:
        if found := pattern.fullmatch(words):
            member = found.groupdict().get("member")
            return Fault(kind, f"{path}.{member}" if member else path, words)
    return Fault(FaultKind.GENERIC, path, words)


_PLACED: Final = re.compile(r"(?P<words>.*) - at `(?P<path>\$.*)`", re.DOTALL)
# The checks of this package name the member, since msgspec places their errors at the object.
_NAMED: Final = re.compile(r"`(?P<member>\w+)`: (?P<words>.*)", re.DOTALL)
# fmt: off
_WORDS: Final = tuple((re.compile(words, re.DOTALL), kind) for words, kind in (
    (r"Object missing required field `(?P<member>.*)`", FaultKind.MISSING_MEMBER),
    (r"Object contains unknown field `(?P<member>.*)`", FaultKind.UNKNOWN_MEMBER),
    (r"Expected `array` of length .*", FaultKind.ITEM_COUNT),
    (r"Expected `str` (of length|matching regex) .*", FaultKind.BAD_PROPERTY),
    (r"Expected `\w+` (<|>)=? .*", FaultKind.BAD_PROPERTY),
    (r"Expected `\w+` that's a multiple of .*", FaultKind.BAD_PROPERTY),
    (r"Expected `.*`, got `.*`", FaultKind.WRONG_TYPE),
    (r"Invalid enum value .*", FaultKind.BAD_PROPERTY),
    (r"Invalid RFC3339 encoded datetime", FaultKind.BAD_PROPERTY),
    (r"Number out of range", FaultKind.BAD_PROPERTY),
    (r"Invalid decimal string", FaultKind.WRONG_TYPE),  # text where a number belongs
))
# fmt: on
