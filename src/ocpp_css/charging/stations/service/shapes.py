"""What people and programs say and are told of stations: the shapes of the interface, and of the pages' forms."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from ocpp_css.charging.stations.model import Presence, Refusal, Station
from ocpp_css.gateway.directory import RegistrationStatus
from ocpp_css.model.station import Connector
from ocpp_css.ocpp.leniency import Quirk

Name = Annotated[str, Meta(max_length=100)]
Version = Literal["1.6", "2.0.1", "2.1"]
Password = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[\x20-\x7e]*$")]
LARGEST_MESSAGE = 4 << 20


class Location(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a station stands; degrees of WGS 84."""

    latitude: Annotated[float, Meta(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Meta(ge=-180, le=180)] | None = None
    address: Annotated[str, Meta(max_length=300)] | None = None


class StationGiven(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A station to register; with a password it must show it (security profile 1)."""

    identity: Annotated[str, Meta(min_length=1, max_length=48)]
    name: Name | None = None
    security_profile: Annotated[int, Meta(ge=0, le=3)] | None = None
    password: Password | None = None
    allow_weak: bool = False
    ocpp_versions: list[Version] = []
    location: Location | None = None
    site_id: Annotated[str, Meta(max_length=50)] | None = None
    registration_status: RegistrationStatus = "Accepted"


class StationChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What of a station may be changed; what is left out stays."""

    name: Name | UnsetType | None = UNSET
    security_profile: Annotated[int, Meta(ge=0, le=3)] | UnsetType = UNSET
    registration_status: RegistrationStatus | UnsetType = UNSET
    ocpp_versions: list[Version] | UnsetType = UNSET
    location: Location | UnsetType = UNSET
    site_id: Annotated[str, Meta(max_length=50)] | UnsetType | None = UNSET
    leniency: list[Quirk] | UnsetType = UNSET
    max_message_bytes: Annotated[int, Meta(ge=1024, le=LARGEST_MESSAGE)] | UnsetType = UNSET
    log_heartbeats: bool | UnsetType = UNSET
    heartbeat_interval_s: Annotated[int, Meta(ge=10, le=86_400)] | UnsetType = UNSET
    limits: (
        dict[Literal["get_variables", "set_variables", "get_report"], Annotated[int, Meta(ge=1, le=1000)]] | UnsetType
    ) = UNSET


class PasswordGiven(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The password that the service accepts from then on."""

    password: Password
    allow_weak: bool = False


class ConnectorShown(msgspec.Struct, frozen=True, kw_only=True):
    """A connector's last reported state."""

    connector_id: int
    status: str
    error_code: str | None
    info: str | None
    updated_at: datetime


class EvseShown(msgspec.Struct, frozen=True, kw_only=True):
    """An EVSE with its connectors."""

    evse_id: int
    connectors: list[ConnectorShown]


class StationSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What of a station people decide, by which a change is compared with what was read."""

    identity: str
    name: str | None
    security_profile: int
    has_password: bool
    registration_status: RegistrationStatus
    ocpp_versions: list[str]
    location: Location
    site_id: str | None
    leniency: list[str]
    max_message_bytes: int
    log_heartbeats: bool
    heartbeat_interval_s: int
    limits: dict[str, int]
    created_at: datetime


class StationShown(StationSettings, frozen=True, kw_only=True):
    """A station as the interface tells it; `password_rotation`: a new password is with it and was not used yet.
    `status` is the station's own (EVSE 0), else made of its connectors.
    """

    DECIDED: ClassVar = StationSettings

    online: bool
    status: str | None
    ocpp_version: str | None
    version: str | None
    vendor: str | None
    model: str | None
    serial_number: str | None
    firmware_version: str | None
    password_rotation: bool
    weaknesses: list[str]
    accepted_at: datetime | None
    connection_url: str
    evses: list[EvseShown]
    last_boot: datetime | None
    last_boot_reason: str | None
    last_seen_at: datetime | None
    last_refusal: Refusal | UnsetType | None = UNSET


def settings_of(station: Station) -> StationSettings:
    """What was decided of the station."""
    return StationSettings(
        identity=station.identity,
        name=station.name,
        security_profile=station.security_profile,
        has_password=bool(station.passwords),
        registration_status=station.registration_status,
        ocpp_versions=list(station.versions),
        location=Location(latitude=station.latitude, longitude=station.longitude, address=station.address),
        site_id=station.site_id,
        leniency=list(station.quirks),
        max_message_bytes=station.max_message_bytes,
        log_heartbeats=station.logs_heartbeats,
        heartbeat_interval_s=station.heartbeat_interval_s,
        limits=station.limits,
        created_at=station.created_at,
    )


def shown(
    station: Station, presence: Presence, connectors: Sequence[Connector], address: "StationAddress"
) -> StationShown:
    """The station with its presence and connectors; `last_refusal` is told of one station, not in lists."""
    return StationShown(
        **msgspec.structs.asdict(settings_of(station)),
        online=presence.is_online,
        status=status_of(connectors),
        ocpp_version=presence.ocpp_version or station.ocpp_version,
        version=presence.ocpp_version or station.ocpp_version,
        vendor=station.vendor,
        model=station.model,
        serial_number=station.serial_number,
        firmware_version=station.firmware_version,
        password_rotation=bool(station.next_passwords),
        weaknesses=weaknesses_of(station, presence),
        accepted_at=station.accepted_at,
        connection_url=address.url(station),
        evses=evses(connectors),
        last_boot=station.last_boot_at,
        last_boot_reason=station.last_boot_reason,
        last_seen_at=presence.last_seen_at,
    )


def status_of(connectors: Sequence[Connector]) -> str | None:
    """The most telling state of the connectors, unless the station itself is out of order."""
    own = next((c.status for c in connectors if c.evse_id == 0), None)
    if own in {"Unavailable", "Faulted"}:
        return own
    states = [c.status for c in connectors if c.evse_id > 0]
    ranked = (
        "Faulted", "Charging", "SuspendedEV", "SuspendedEVSE", "Occupied", "Finishing", "Preparing", "Reserved",
        "Available", "Unavailable",
    )  # fmt: skip
    return next((state for state in ranked if state in states), own)


def weaknesses_of(station: Station, presence: Presence) -> list[str]:
    """What makes the station easy to attack, in stable words."""
    found = [] if station.passwords or station.security_profile == 3 else ["no_password"]
    if station.is_weak:
        found.append("short_password")
    if presence.is_online and (presence.security_profile or 0) < 2:
        found.append("not_encrypted")
    return found


def evses(connectors: Sequence[Connector]) -> list[EvseShown]:
    found: dict[int, list[ConnectorShown]] = {}
    for connector in connectors:
        if connector.evse_id > 0:
            found.setdefault(connector.evse_id, []).append(
                ConnectorShown(
                    connector_id=connector.connector_id,
                    status=connector.status,
                    error_code=connector.error_code,
                    info=connector.info,
                    updated_at=connector.updated_at,
                )
            )
    return [EvseShown(evse_id=number, connectors=of_evse) for number, of_evse in sorted(found.items())]


class StationAddress:
    """Where the stations of one account connect."""

    def __init__(self, base: str, code: str, *, tls_base: str | None = None) -> None:
        self._base = base.rstrip("/")
        self._tls_base = tls_base
        self._code = code

    def url(self, station: Station) -> str:
        """The short address where the identity is claimed, else the one with the account's code."""
        path = station.identity if station.is_bare else f"{self._code}/{station.identity}"
        base = self._tls_base if station.security_profile >= 2 and self._tls_base else self._base
        return f"{base}/ocpp/{path}"

    def of_account(self) -> str:
        """The address of the account: a station's identity stands behind it."""
        return f"{self._base}/ocpp/{self._code}"

    def example(self) -> str:
        """What the address of a new station looks like."""
        return f"{self._base}/ocpp/…"


def columns(fields: dict[str, Any]) -> dict[str, Any]:
    """The interface's words as the table's."""
    location: Location | None = fields.pop("location", None)
    if location is not None:
        fields |= {"latitude": location.latitude, "longitude": location.longitude, "address": location.address}
    words = {"ocpp_versions": "versions", "leniency": "quirks", "log_heartbeats": "logs_heartbeats"}
    return {words.get(name, name): value for name, value in fields.items()}
