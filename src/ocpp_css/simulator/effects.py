"""What the core asks of its shell, and what it keeps of the talk."""

from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import msgspec


class Send(NamedTuple):
    """Send one text message."""

    data: bytes


class Dial(NamedTuple):
    """Open a connection; answer with `connected` or `disconnected`."""


class HangUp(NamedTuple):
    """Close the connection, with a close frame unless `is_abrupt`; answer with `disconnected`."""

    code: int = 1000
    reason: str = ""
    is_abrupt: bool = False


class Ping(NamedTuple):
    """Send a WebSocket ping."""


Effect: TypeAlias = Send | Dial | HangUp | Ping


class Frame(NamedTuple):
    """One message as it went over the wire; `at` is in seconds since 1970."""

    at: float
    is_sent: bool
    data: bytes

    @property
    def parts(self) -> Any:
        """The decoded JSON: mostly a list of type, id, action or payload."""
        return msgspec.json.decode(self.data)


@dataclass(slots=True)
class Counts:
    """What a station has seen so far."""

    sent: int = 0
    answered: int = 0
    errors: int = 0
    timeouts: int = 0
    requests: int = 0
    connects: int = 0
    reconnects: int = 0
    lost: int = 0
    refused: int = 0
    transactions: int = 0

    def add(self, other: "Counts") -> None:
        """Sum up a fleet."""
        for name in Counts.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))
