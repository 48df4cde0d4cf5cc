"""What a handler of a station's message is given."""

from datetime import datetime

from ocpp_css.gateway.directory import StationEntry
from ocpp_css.gateway.messages import Exchange
from ocpp_css.kit.secrets import Secrets
from ocpp_css.ocpp.versions import Protocol
from ocpp_css.storage import Unit
from ocpp_css.storage.pseudonyms import Pseudonyms


class Context:
    """One message: its unit of work, its station, the moment it came, its row in the log; `raw` is its payload."""

    __slots__ = ("exchange", "now", "protocol", "pseudonyms", "raw", "secrets", "station", "unit")

    def __init__(
        self,
        unit: Unit,
        station: StationEntry,
        protocol: Protocol,
        exchange: Exchange,
        *,
        raw: bytes,
        pseudonyms: Pseudonyms,
        secrets: Secrets,
    ) -> None:
        self.unit = unit
        self.station = station
        self.protocol = protocol
        self.exchange = exchange
        self.raw = raw
        self.pseudonyms = pseudonyms
        self.secrets = secrets
        self.now: datetime = unit.now

    @property
    def time(self) -> datetime:
        """The moment as a station is told it: whole seconds, since 2.x allows three decimals at most (part 2, 3.1)."""
        return self.now.replace(microsecond=0)
