"""A charging transaction: what its messages say in sum, whatever their order."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

import msgspec

from ocpp_css.model.metering import Reading
from ocpp_css.model.token import AuthorizationStatus

TransactionState = Literal["pending", "active", "ended", "suspect"]
"""`pending`: no start was seen yet. `suspect`: something is doubtful and nobody has settled it."""

Doubt = Literal[
    "clock_ahead", "clock_behind", "meter_rollback", "meter_absurd", "stop_before_start", "energy_implausible",
    "never_stopped", "missing_events", "event_differs", "stop_differs", "no_start", "number_absurd",
]  # fmt: skip


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """Which events of a 2.x transaction came, and at which of them each fact was last told."""

    ranges: list[tuple[int, int]] = []
    """Sequence numbers seen, as closed ranges in order."""
    digests: dict[int, int] = {}
    """What the newest events said, to tell a reused number from a repeated one."""
    registers: dict[int, int] = {}
    """The energy in Wh that the newest events told, to see in whatever order they come that a meter ran backwards."""
    fell: bool = False
    """The register was lower at one event than at an earlier one."""
    started: int | None = None
    ended: int | None = None
    first_meter: int | None = None
    last_meter: int | None = None
    token: int | None = None
    state: int | None = None
    place: int | None = None
    at: datetime | None = None
    """The latest moment that the station told."""
    heard_at: datetime | None = None
    """When the newest of its messages that had not been queued came, by our clock."""


class Transaction(msgspec.Struct, frozen=True, kw_only=True):
    """Energy in Wh, times in UTC as the station told them; `received_at` is ours. `token` is a pseudonym."""

    id: int
    station_id: int
    wire_id: str
    ocpp_version: str
    evse_id: int | None = None
    connector_id: int | None = None
    token: str | None = None
    token_type: str | None = None
    started_at: datetime | None = None
    stopped_at: datetime | None = None
    meter_start_wh: int | None = None
    meter_stop_wh: int | None = None
    stop_reason: str | None = None
    state: TransactionState = "active"
    authorization: AuthorizationStatus | None = None
    charging_state: str | None = None
    reservation_id: int | None = None
    remote_start_id: int | None = None
    dedupe_key: str
    answer: dict[str, Any] | None = None
    """The first verdict that was told for its token."""
    stop_answer: dict[str, Any] | None = None
    person_id: int | None = None
    """The person whose the token was when it was shown."""
    heard: Heard = Heard()
    doubts: list[Doubt] = []
    is_settled: bool = False
    review_id: int | None = None
    received_at: datetime
    stop_received_at: datetime | None = None
    version: int = 1

    @property
    def is_open(self) -> bool:
        """It charges, or may still."""
        return self.stopped_at is None

    def energy_wh(self, newest_wh: int | None = None) -> int | None:
        """Energy so far: to the stop, else to `newest_wh`; never negative."""
        end = self.meter_stop_wh if self.meter_stop_wh is not None else newest_wh
        if end is None or self.meter_start_wh is None:
            return None
        return max(0, end - self.meter_start_wh)


class Charging(msgspec.Struct, frozen=True, gc=False):
    """What a gateway keeps of a station's charging: its open transactions and what was heard last."""

    transactions: Mapping[str, Transaction] = {}
    """By the transaction id on the wire."""
    readings: Mapping[int, Reading] = {}
    """The newest reading of each open transaction, by its number."""
    digests: tuple[int, ...] = ()
    """The meaning of the newest meter values, to recognise a repetition."""
    unknown: frozenset[str] = frozenset()
    """Transaction ids that nobody knows and that are in review already."""


NOTHING = Charging()


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A TransactionEvent of 2.x in neutral words."""

    type: Literal["Started", "Updated", "Ended"]
    wire_id: str
    seq_no: int
    at: datetime
    trigger: str
    is_offline: bool = False
    evse_id: int | None = None
    connector_id: int | None = None
    id_token: str | None = None
    token_type: str | None = None
    charging_state: str | None = None
    stop_reason: str | None = None
    remote_start_id: int | None = None
    reservation_id: int | None = None
    first_wh: int | None = None
    reading: Reading = Reading()
    digest: int = 0
