"""What happens to stations."""

from typing import ClassVar

import msgspec


class StationRegistered(msgspec.Struct, frozen=True):
    """A station was added, changed or removed by a person or a key."""

    kind: ClassVar[str] = "station.registered"
    station_id: int
    identity: str
    change: str


class StationBooted(msgspec.Struct, frozen=True):
    """A BootNotification was answered."""

    kind: ClassVar[str] = "station.booted"
    station_id: int
    identity: str
    status: str
    vendor: str
    model: str
    firmware_version: str | None


class ConnectorChanged(msgspec.Struct, frozen=True):
    """A connector has a new state."""

    kind: ClassVar[str] = "connector.changed"
    station_id: int
    identity: str
    evse_id: int
    connector_id: int
    status: str
    error_code: str | None


class SecurityEventReported(msgspec.Struct, frozen=True):
    """A station reported a security event."""

    kind: ClassVar[str] = "security.event"
    station_id: int
    identity: str
    type: str
    is_critical: bool
