"""A command as it is kept."""

from datetime import datetime
from typing import Any, Literal

import msgspec

CommandStatus = Literal[
    "queued",
    "sent",
    "answered",
    "error",
    "timeout",
    "offline",
    "invalid_response",
    "lost",
    "busy",
    "expired",
    "cancelled",
]
"""`queued` and `sent` are on the way; every other is final. `lost`: the connection or the service went meanwhile."""


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """One action for one station; `payload` and `response` as on the wire, id tokens replaced by references.

    `tries` is how often it went out.
    """

    id: int
    station_id: int
    action: str
    payload: dict[str, Any]
    status: CommandStatus
    response: dict[str, Any] | None = None
    error_code: str | None = None
    error_description: str | None = None
    error_details: dict[str, Any] | None = None
    timeout_s: float
    created_by: str
    person_id: int | None = None
    """The person who sent it; none for a key."""
    key_id: int | None = None
    """The API key that sent it; none for a person."""
    created_at: datetime
    expires_at: datetime | None = None
    sent_at: datetime | None = None
    finished_at: datetime | None = None
    latency_us: int | None = None
    tries: int = 0
    version: int = 1
