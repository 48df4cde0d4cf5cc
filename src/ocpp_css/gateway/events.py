"""What happens on the stations' network."""

from typing import ClassVar

import msgspec


class StationConnected(msgspec.Struct, frozen=True):
    """A station's connection was accepted and stored."""

    kind: ClassVar[str] = "station.connected"
    station_id: int
    identity: str
    ocpp_version: str


class StationDisconnected(msgspec.Struct, frozen=True):
    """A station's connection ended; `close_code` is ours, 0 when the other side or the network ended it."""

    kind: ClassVar[str] = "station.disconnected"
    station_id: int
    identity: str
    close_code: int


class ConnectionRefused(msgspec.Struct, frozen=True):
    """Something about connections that a person should know: `reason` is a stable word."""

    kind: ClassVar[str] = "security.connection"
    station_id: int
    identity: str
    reason: str
    address: str
