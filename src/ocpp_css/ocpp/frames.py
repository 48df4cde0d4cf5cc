"""The frames of OCPP-J: CALL, CALLRESULT, CALLERROR, and CALLRESULTERROR and SEND of 2.1 (OCPP-J 4.2)."""

from typing import Annotated, Any, Final, NamedTuple

import msgspec

from ocpp_css.ocpp.faults import FaultKind

CALL: Final = 2
CALLRESULT: Final = 3
CALLERROR: Final = 4
CALLRESULTERROR: Final = 5
SEND: Final = 6

MAX_MESSAGE_ID: Final = 36
"""OCPP-J 4.1.4: a message id has at most 36 characters."""

UNKNOWN_ID: Final = "-1"
"""Stands for a message id that cannot be read (OCPP-J 2.0.1, 4.2.3)."""

_ECHOED_ID = 255


MessageId = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_MESSAGE_ID)]


class Request(NamedTuple):
    """A CALL, or a SEND, which nobody answers."""

    type: int
    message_id: MessageId
    action: str
    payload: msgspec.Raw


class Result(NamedTuple):
    """The answer to a CALL of ours."""

    message_id: str
    payload: msgspec.Raw


class Failure(NamedTuple):
    """A CALLERROR to a CALL of ours, or (`is_of_result`) a CALLRESULTERROR to a CALLRESULT of ours."""

    message_id: str
    code: str
    description: str
    details: dict[str, Any]
    is_of_result: bool


class Malformed(NamedTuple):
    """What is no frame; `message_id` is None where it cannot be read."""

    kind: FaultKind
    message_id: str | None
    detail: str


Frame = Request | Result | Failure | Malformed

_decode_request = msgspec.json.Decoder(Request).decode
_decode_items = msgspec.json.Decoder(list[msgspec.Raw]).decode
_decode_any = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder(decimal_format="number").encode
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def parse(data: bytes, has_send: bool = True) -> Frame:
    """The frame in `data`; never raises, whatever the bytes are. `has_send`: the types of 2.1 are known."""
    try:
        request = _decode_request(data)
    except _UNREADABLE:
        return _parse_slowly(data, has_send=has_send)
    kind = request[0]
    if "\0" not in request[1] and (kind == CALL or (kind == SEND and has_send)):
        return request
    return _parse_slowly(data, has_send=has_send)


def _parse_slowly(data: bytes, *, has_send: bool) -> Frame:
    try:
        items = _decode_items(data)
        kind = _decode_any(items[0])
        message_id = _decode_any(items[1]) if len(items) > 1 else None
    except (*_UNREADABLE, IndexError):
        return Malformed(FaultKind.MALFORMED_FRAME, None, "The message is not a JSON array of the form of OCPP-J.")
    readable = message_id if isinstance(message_id, str) and len(message_id) <= _ECHOED_ID else None
    if type(kind) is not int or not CALL <= kind <= (SEND if has_send else CALLERROR):
        return Malformed(FaultKind.UNKNOWN_MESSAGE_TYPE, readable, "The message type number is not one of OCPP-J.")
    if not isinstance(message_id, str) or not 0 < len(message_id) <= MAX_MESSAGE_ID or "\0" in message_id:
        text = f"A message id is a text of 1 to {MAX_MESSAGE_ID} characters, without NUL."
        return Malformed(FaultKind.BAD_MESSAGE_ID, readable, text)
    return _parse_answer(kind, message_id, items)


def _parse_answer(kind: int, message_id: str, items: list[msgspec.Raw]) -> Frame:
    if kind == CALLRESULT and len(items) == 3:
        return Result(message_id, items[2])
    if kind in {CALLERROR, CALLRESULTERROR} and 3 <= len(items) <= 5:
        return _parse_failure(kind, message_id, items)
    return Malformed(FaultKind.MALFORMED_FRAME, message_id, "The message has the wrong number or kind of elements.")


def _parse_failure(kind: int, message_id: str, items: list[msgspec.Raw]) -> Frame:
    """Stations leave out the description or the details; what is there is taken."""
    try:
        values = [_decode_any(item) for item in items[2:]]
    except _UNREADABLE:
        return Malformed(FaultKind.MALFORMED_FRAME, message_id, "The error frame cannot be read.")
    code, description, details = [*values, None, None][:3]
    return Failure(
        message_id,
        str(code),
        "" if description is None else str(description),
        details if isinstance(details, dict) else {},
        kind == CALLRESULTERROR,
    )


def call(message_id: str, action: str, payload: bytes) -> bytes:
    """A CALL; `payload` is JSON already."""
    return b'[2,"%b","%b",%b]' % (message_id.encode(), action.encode(), payload)


def result(message_id: str, payload: bytes) -> bytes:
    """A CALLRESULT; `payload` is JSON already."""
    return _encode((CALLRESULT, message_id, msgspec.Raw(payload)))


def error(message_id: str | None, code: str, description: str, details: dict[str, Any] | None = None) -> bytes:
    """A CALLERROR; the description is cut to the 255 characters of OCPP-J 4.2.3."""
    return _encode([CALLERROR, message_id or UNKNOWN_ID, code, description[:255], details or {}])


def result_error(message_id: str, code: str, description: str) -> bytes:
    """A CALLRESULTERROR (2.1 only): our CALL was answered with something that cannot be used."""
    return _encode([CALLRESULTERROR, message_id, code, description[:255], {}])


def send(message_id: str, action: str, payload: bytes) -> bytes:
    """A SEND (2.1 only); `payload` is JSON already."""
    return b'[6,"%b","%b",%b]' % (message_id.encode(), action.encode(), payload)
