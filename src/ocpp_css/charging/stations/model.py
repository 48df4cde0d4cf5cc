"""A station as the service keeps it."""

from datetime import datetime
from typing import Any
from urllib.parse import quote

import msgspec

from ocpp_css.gateway.directory import DEFAULT_MESSAGE_BYTES, RegistrationStatus
from ocpp_css.model.station import Connector


class Station(msgspec.Struct, frozen=True, kw_only=True):
    """What was registered, what the station said of itself, and what it may do. Times are UTC."""

    station_id: int
    identity: str
    identity_key: str | None
    name: str | None = None
    security_profile: int = 0
    passwords: list[str] = []
    next_passwords: list[str] | None = None
    """Sent to the station, and not seen from it yet: they count beside `passwords` (TRUST A20)."""
    is_weak: bool = False
    versions: list[str] = []
    registration_status: RegistrationStatus = "Accepted"
    accepted_at: datetime | None = None
    quirks: list[str] = []
    max_message_bytes: int = DEFAULT_MESSAGE_BYTES
    logs_heartbeats: bool = False
    heartbeat_interval_s: int = 300
    limits: dict[str, int] = {}
    is_bare: bool = False
    latitude: float | None = None
    longitude: float | None = None
    address: str | None = None
    site_id: str | None = None
    vendor: str | None = None
    model: str | None = None
    serial_number: str | None = None
    firmware_version: str | None = None
    iccid: str | None = None
    imsi: str | None = None
    meter_serial_number: str | None = None
    meter_type: str | None = None
    ocpp_version: str | None = None
    last_boot_at: datetime | None = None
    last_boot_reason: str | None = None
    created_at: datetime
    removed_at: datetime | None = None
    version: int = 1


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """Why a station was last not let in; `times`: how often since it last came in."""

    at: datetime
    reason: str
    address: str
    times: int


class Presence(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a station is connected, how, and when it was last heard."""

    is_online: bool = False
    ocpp_version: str | None = None
    address: str | None = None
    security_profile: int | None = None
    changed_at: datetime | None = None
    last_seen_at: datetime | None = None


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """A station as its page shows it: what panels of other areas on that page are about."""

    station: Station
    presence: Presence
    connectors: list[Connector]
    refusal: Refusal | None = None

    @property
    def is_shut_out(self) -> bool:
        """It knocked in vain after it was last connected, and is not in now."""
        changed = self.presence.changed_at
        is_newer = self.refusal is not None and (changed is None or self.refusal.at > changed)
        return is_newer and not self.presence.is_online

    @property
    def version(self) -> str:
        """The OCPP version it speaks, or spoke last; empty of one that never came."""
        return self.presence.ocpp_version or self.station.ocpp_version or ""

    @property
    def href(self) -> str:
        """The address of its page."""
        return f"/console/stations/{quote(self.station.identity, safe='')}"


class Variable(msgspec.Struct, frozen=True, kw_only=True):
    """A variable of the device model, or a configuration key of 1.6 (then `component` is empty)."""

    component: str
    component_instance: str
    evse_id: int
    connector_id: int
    variable: str
    variable_instance: str
    attribute: str
    value: str | None
    mutability: str | None
    characteristics: dict[str, Any] | None
    updated_at: datetime
