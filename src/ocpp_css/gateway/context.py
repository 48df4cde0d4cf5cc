"""What a handler of a station's message is given."""

from datetime import datetime

from ocpp_css.gateway.directory import StationEntry
from ocpp_css.gateway.messages import Exchange
from ocpp_css.kit.secrets import Secrets
from ocpp_css.ocpp.session import Incoming
from ocpp_css.ocpp.versions import Protocol
from ocpp_css.storage import Database, Unit
from ocpp_css.storage.pseudonyms import Pseudonyms


class Context:
    """One message: its unit of work, its station, the moment it came, its row in the log; `raw` is its payload.

    Unit and row are made when they are first asked for: a Heartbeat needs neither.
    """

    __slots__ = (
        "_exchange", "_now", "_unit", "db", "fence", "memory", "protocol", "pseudonyms", "request", "secrets",
        "station", "tries",
    )  # fmt: skip

    db: Database
    fence: int
    memory: dict[str, object]
    protocol: Protocol
    pseudonyms: Pseudonyms
    request: Incoming
    secrets: Secrets
    station: StationEntry
    tries: int
    _exchange: Exchange | None
    _now: datetime | None
    _unit: Unit | None

    @property
    def raw(self) -> bytes:
        """The payload as it came."""
        return self.request.payload

    @property
    def now(self) -> datetime:
        """When the message came, or was taken up again."""
        now = self._now
        if now is None:
            now = self._now = self.db.clock()
        return now

    @property
    def time(self) -> datetime:
        """The moment as a station is told it: whole seconds, since 2.x allows three decimals at most (part 2, 3.1)."""
        return self.now.replace(microsecond=0)

    @property
    def unit(self) -> Unit:
        """The unit of work of this message: the station's memory and its fence go with it."""
        unit = self._unit
        if unit is None:
            unit = self._unit = Unit(self.db, self.station.tenant, self.now)
            unit.station = self.station.station_id
            unit.fence = self.fence
            unit.memory = self.memory
            unit.retry = self.tries > 1
        return unit

    @property
    def exchange(self) -> Exchange:
        """The message's row in the log; handlers may add to it."""
        exchange = self._exchange
        if exchange is None:
            exchange = self._exchange = Exchange("in", self.request.message_id, self.request.action, "", self.now)
        return exchange

    @property
    def is_blank(self) -> bool:
        """The handler neither changed nor read anything by a unit, nor marked the row."""
        return (self._unit is None or self._unit.is_empty) and (self._exchange is None or self._exchange.is_repeat)

    def forget(self) -> None:
        """Begin with a new unit and a new row."""
        self._unit = self._exchange = self._now = None
