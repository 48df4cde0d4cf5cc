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


class Context(Exchange):
    """One message: its row in the log, its unit of work, its station; `at` is when it came, or was taken up again.

    The unit is made when it is first asked for: a Heartbeat needs none. Handlers may add to the row.
    """

    __slots__ = ("_unit", "connection", "dispatcher", "request", "station", "tries")

    connection: "Connection"
    dispatcher: "Dispatcher"
    request: Incoming
    station: StationEntry
    tries: int
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
    def connected_since(self) -> datetime:
        """When the station's connection was accepted."""
        return self.at - timedelta(seconds=monotonic() - self.connection.connected_at)

    @property
    def time(self) -> datetime:
        """The moment as a station is told it: whole seconds, since 2.x allows three decimals at most (part 2, 3.1)."""
        return self.dispatcher.second(self.at)

    @property
    def unit(self) -> Unit:
        """The unit of work of this message: the station's memory and its fence go with it."""
        unit = self._unit
        if unit is None:
            station, connection = self.station, self.connection
            unit = self._unit = Unit(self.dispatcher.db, station.tenant, self.at)
            unit.station = station.station_id
            unit.fence = connection.fence
            unit.memory = connection.memory
            unit.retry = self.tries > 1
        return unit

    def forget(self) -> None:
        """Begin with a new unit and a new row."""
        self._unit = None
        self.begin_row("in", self.request.message_id, self.request.action, self.dispatcher.db.clock())
