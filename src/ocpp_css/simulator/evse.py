"""One EVSE of a station, and the transaction on it. In 1.6 it is the connector of the same number."""

from dataclasses import dataclass, field
from datetime import datetime

from ocpp_css.simulator.power import Meter, Vehicle
from ocpp_css.simulator.tokens import Grant, Token


@dataclass(slots=True, eq=False)
class Transaction:
    """A charging session; `key` is its id on the wire, which 1.6 learns from the answer to StartTransaction."""

    key: str | int | None
    started_at: datetime
    started_s: float
    meter_start_wh: float
    token: Token | None = None
    group: str | None = None
    remote_start_id: int | None = None
    reservation_id: int | None = None
    sequence: int = 0
    state: str = ""
    charging_s: float = 0.0
    is_refused: bool = False
    is_over: bool = False
    begin_readings: object = None
    tariff_id: str | None = None

    def next_sequence(self) -> int:
        """The seqNo of the next TransactionEvent, from 0 on."""
        self.sequence += 1
        return self.sequence - 1


@dataclass(slots=True, eq=False)
class Evse:
    """See the module. `reported` is the status told last; `closes_later` a change of availability that waits."""

    number: int
    meter: Meter = field(default_factory=Meter)
    vehicle: Vehicle | None = None
    grant: Grant | None = None
    transaction: Transaction | None = None
    fault: str | None = None
    refusal: str | None = None
    reported: str | None = None
    is_operative: bool = True
    closes_later: bool = False
    is_finishing: bool = False
    has_driver: bool = False
    advanced_s: float = 0.0
    contact_s: float = 0.0
    flow: str = ""

    @property
    def is_plugged(self) -> bool:
        """A vehicle is connected."""
        return self.vehicle is not None

    @property
    def is_free(self) -> bool:
        """Nobody uses it, and it can be used."""
        return self.is_operative and self.fault is None and self.transaction is None and self.grant is None

    @property
    def charging_state(self) -> str:
        """The state of the transaction in the words of 2.x."""
        vehicle, transaction = self.vehicle, self.transaction
        if vehicle is None:
            return "Idle"
        if self.grant is None:
            return "EVConnected"
        if vehicle.is_paused or vehicle.is_full:
            return "SuspendedEV"
        if self.flow == "held" or self.fault is not None or (transaction is not None and transaction.is_refused):
            return "SuspendedEVSE"
        return "Charging"
