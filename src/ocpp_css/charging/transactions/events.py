"""What happens to transactions."""

from typing import ClassVar

import msgspec


class TransactionStarted(msgspec.Struct, frozen=True, kw_only=True):
    """A transaction was first heard of."""

    kind: ClassVar[str] = "transaction.started"
    station_id: int
    identity: str
    transaction_id: str
    wire_id: str
    evse_id: int | None
    authorization: str | None
    state: str


class TransactionChanged(msgspec.Struct, frozen=True, kw_only=True):
    """A transaction has a new state, charging state or doubt."""

    kind: ClassVar[str] = "transaction.changed"
    station_id: int
    identity: str
    transaction_id: str
    wire_id: str
    state: str
    charging_state: str | None
    doubts: list[str]


class TransactionStopped(msgspec.Struct, frozen=True, kw_only=True):
    """A transaction ended; energy in Wh."""

    kind: ClassVar[str] = "transaction.stopped"
    station_id: int
    identity: str
    transaction_id: str
    wire_id: str
    evse_id: int | None
    energy_wh: int | None
    stop_reason: str | None
    state: str


class ReviewOpened(msgspec.Struct, frozen=True, kw_only=True):
    """Something doubtful waits for a person."""

    kind: ClassVar[str] = "review.opened"
    station_id: int
    identity: str
    review_id: str
    reason: str
