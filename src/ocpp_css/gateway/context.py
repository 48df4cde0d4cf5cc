"""What a handler of a station's message is given."""

from datetime import datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING

from ocpp_css.gateway.directory import StationEntry
from ocpp_css.gateway.limits import Guesses
from ocpp_css.gateway.messages import Exchange
from ocpp_css.kit.secrets import Secrets
from ocpp_css.ocpp.session import Incoming
from ocpp_css.ocpp.versions import Protocol
from ocpp_css.storage import Unit
from ocpp_css.storage.pseudonyms import Pseudonyms

if TYPE_CHECKING:
    from ocpp_css.gateway.connection import Connection
    from ocpp_css.gateway.dispatch import Dispatcher


class Context:
    """One message: its unit of work, its station, the moment it came, its row in the log; `raw` is its payload.

    Unit and row are made when they are first asked for: a Heartbeat needs neither.
    """

    __slots__ = ("_exchange", "_now", "_unit", "connection", "dispatcher", "request", "station", "tries")

    connection: "Connection"
    dispatcher: "Dispatcher"
    request: Incoming
    station: StationEntry
    tries: int
    _exchange: Exchange | None
    _now: datetime | None
    _unit: Unit | None

    @property
    def protocol(self) -> Protocol:
        """The version that the station speaks."""
        return self.connection.protocol

    @property
    def pseudonyms(self) -> Pseudonyms:
        """What stands for id tokens."""
        return self.dispatcher.pseudonyms

    @property
    def guesses(self) -> Guesses:
        """Id tokens that are tried at stations."""
        return self.dispatcher.guesses

    @property
    def secrets(self) -> Secrets:
        """The keys that are not in the database."""
        return self.dispatcher.secrets

    @property
    def raw(self) -> bytes:
        """The payload as it came."""
        return self.request.payload

    @property
    def now(self) -> datetime:
        """When the message came, or was taken up again."""
        now = self._now
        if now is None:
            now = self._now = self.dispatcher.db.clock()
        return now

    @property
    def connected_since(self) -> datetime:
        """When the station's connection was accepted."""
        return self.now - timedelta(seconds=monotonic() - self.connection.connected_at)

    @property
    def time(self) -> datetime:
        """The moment as a station is told it: whole seconds, since 2.x allows three decimals at most (part 2, 3.1)."""
        return self.dispatcher.second(self.now)

    @property
    def unit(self) -> Unit:
        """The unit of work of this message: the station's memory and its fence go with it."""
        unit = self._unit
        if unit is None:
            station, connection = self.station, self.connection
            unit = self._unit = Unit(self.dispatcher.db, station.tenant, self.now)
            unit.station = station.station_id
            unit.fence = connection.fence
            unit.memory = connection.memory
            unit.retry = self.tries > 1
        return unit

    @property
    def exchange(self) -> Exchange:
        """The message's row in the log; handlers may add to it."""
        exchange = self._exchange
        if exchange is None:
            exchange = self._exchange = Exchange("in", self.request.message_id, self.request.action, "", self.now)
        return exchange

    def forget(self) -> None:
        """Begin with a new unit and a new row."""
        self._unit = self._exchange = self._now = None
