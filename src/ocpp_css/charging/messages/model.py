"""One message of the log."""

from datetime import datetime
from typing import Any, Literal

import msgspec

Direction = Literal["in", "out"]
"""`in` comes from the station, `out` goes to it."""

MessageType = Literal["CALL", "CALLRESULT", "CALLERROR", "UNREADABLE"]
"""`UNREADABLE` came from the station and is no OCPP-J; its payload tells length, digest and fault, not the text."""


class LogMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A request or an answer; an answer tells how long it took. `exchange_id` pairs the two."""

    id: str
    exchange_id: str
    direction: Direction
    message_type: MessageType
    message_id: str
    action: str
    payload: Any
    error: dict[str, Any] | None
    at: datetime
    latency_ms: float | None
    transaction_id: str | None
    violations: list[dict[str, str]]
