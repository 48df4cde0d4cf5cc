"""What stations say of themselves becomes state: boot, connectors, events, variables."""

import re
from datetime import datetime
from typing import Any, Final, Literal

import msgspec

from ocpp_css.charging.stations import store
from ocpp_css.charging.stations.events import ConnectorChanged, SecurityEventReported, StationBooted
from ocpp_css.charging.stations.model import Variable
from ocpp_css.gateway.directory import RegistrationStatus, StationEntry
from ocpp_css.model.station import Boot, Connector, ConnectorStatus
from ocpp_css.storage import Unit

RETRY_INTERVAL_S: Final = 60
"""What Pending and Rejected stations are told to wait (RULES 1.7)."""

NOT_CRITICAL: Final = frozenset(
    {
        "FailedToAuthenticateAtCentralSystem",
        "CentralSystemFailedToAuthenticate",
        "FailedToAuthenticateAtCsms",
        "CsmsFailedToAuthenticate",
        "InvalidMessages",
        "AttemptedReplayAttacks",
        "ReconfigurationOfSecurityParameters",
    }
)
"""The events of the appendix that are not marked critical; what is not in the list counts as critical."""


def boot(unit: Unit, entry: StationEntry, said: Boot, version: str) -> tuple[RegistrationStatus, int]:
    """Store what the station said; the status to answer and the interval in seconds (RULES 1.7 and 2.1)."""
    status = entry.registration_status
    changes: dict[str, Any] = msgspec.structs.asdict(said)
    changes["last_boot_reason"] = changes.pop("reason")
    changes |= {"ocpp_version": version, "last_boot_at": unit.now}
    if status == "Accepted" and not entry.is_accepted:
        changes["accepted_at"] = unit.now
        unit.tell(f"stations.{unit.tenant}", {"station_id": entry.station_id, "is_accepted": True})
    if said.serial_number != entry.serial_number:
        unit.tell(f"stations.{unit.tenant}", {"station_id": entry.station_id, "serial_number": said.serial_number})
    unit.update(store.STATIONS, (entry.station_id,), **changes)
    unit.emit(StationBooted(entry.station_id, entry.identity, status, said.vendor, said.model, said.firmware_version))
    return status, heartbeat_interval(entry) if status == "Accepted" else RETRY_INTERVAL_S


def heartbeat_interval(entry: StationEntry) -> int:
    """The station's interval, spread by ±20 % over the stations so that they do not come in step."""
    spread = (entry.station_id * 2654435761 % 401 - 200) / 1000
    return max(1, round(entry.heartbeat_interval_s * (1 + spread)))


async def connector(
    unit: Unit, entry: StationEntry, place: tuple[int, int], status: ConnectorStatus, **more: Any
) -> None:
    """A connector's state; one that says nothing new writes nothing (SPEED 3.4). `more`: error_code, info, at."""
    known = await unit.state(store.CONNECTORS_OF, entry.station_id)
    before = known.get(place)
    error_code, info = more.get("error_code"), more.get("info")
    if before is not None and (before.status, before.error_code, before.info) == (status, error_code, info):
        return
    now = Connector(*place, status, error_code, info, more.get("at") or unit.now)
    store.report_connector(unit, entry.station_id, known, now)
    unit.emit(ConnectorChanged(entry.station_id, entry.identity, *place, status, error_code))


def security_event(unit: Unit, entry: StationEntry, kind: str, at: datetime, tech_info: str | None) -> None:
    """A security event, told at once; critical unless the appendix says otherwise."""
    is_critical = kind not in NOT_CRITICAL
    store.add_security_event(
        unit, entry.station_id, type=kind, tech_info=tech_info, is_critical=is_critical, station_time=at
    )
    unit.emit(SecurityEventReported(entry.station_id, entry.identity, kind, is_critical))


def variable(
    unit: Unit,
    station_id: int,
    *,
    name: str,
    value: str | None,
    component: str = "",
    mutability: str | None = None,
    **more: Any,
) -> None:
    """What a station says of one variable; `more`: instances, evse_id, connector_id, attribute, characteristics."""
    found = Variable(
        component=component,
        component_instance=more.get("component_instance") or "",
        evse_id=more.get("evse_id") or 0,
        connector_id=more.get("connector_id") or 0,
        variable=name,
        variable_instance=more.get("variable_instance") or "",
        attribute=more.get("attribute") or "Actual",
        value=_without_secrets(name, value),
        mutability=mutability,
        characteristics=more.get("characteristics"),
        updated_at=unit.now,
    )
    store.keep_variable(unit, station_id, found)


_SECRET = re.compile(r"AuthorizationKey|BasicAuthPassword", re.IGNORECASE)


def _without_secrets(name: str, value: str | None) -> str | None:
    """A password that a station tells is not kept."""
    return None if _SECRET.fullmatch(name) else value


def learn(unit: Unit, station_id: int, action: str, asked: dict[str, Any], answer: dict[str, Any]) -> None:
    """Keep what an answered command tells of the station's variables."""
    match action:
        case "GetConfiguration":
            for key in answer.get("configurationKey", ()):
                mutability: Literal["ReadOnly", "ReadWrite"] = "ReadOnly" if key["readonly"] else "ReadWrite"
                variable(unit, station_id, name=key["key"], value=key.get("value"), mutability=mutability)
        case "ChangeConfiguration" if answer.get("status") in {"Accepted", "RebootRequired"}:
            variable(unit, station_id, name=asked["key"], value=asked["value"], mutability="ReadWrite")
        case "GetVariables":
            for result in answer.get("getVariableResult", ()):
                if result["attributeStatus"] == "Accepted":
                    _learn_2x(unit, station_id, result, result.get("attributeValue"))
        case "SetVariables":
            for result, sent in zip(
                answer.get("setVariableResult", ()), asked.get("setVariableData", ()), strict=False
            ):
                if result["attributeStatus"] in {"Accepted", "RebootRequired"}:
                    _learn_2x(unit, station_id, result, sent["attributeValue"])
        case _:
            return


def _learn_2x(unit: Unit, station_id: int, named: dict[str, Any], value: str | None) -> None:
    component, name = named["component"], named["variable"]
    evse = component.get("evse", {})
    variable(
        unit,
        station_id,
        name=name["name"],
        value=value,
        component=component["name"],
        component_instance=component.get("instance"),
        evse_id=evse.get("id"),
        connector_id=evse.get("connectorId"),
        variable_instance=name.get("instance"),
        attribute=named.get("attributeType"),
    )


_AVAILABILITY: Final[frozenset[str]] = frozenset({"Available", "Occupied", "Reserved", "Unavailable", "Faulted"})


async def availability(unit: Unit, entry: StationEntry, place: tuple[int, int], value: str, at: datetime) -> None:
    """An AvailabilityState told by an event is a connector's status too (2.x G01)."""
    if value in _AVAILABILITY:
        await connector(unit, entry, place, msgspec.convert(value, ConnectorStatus), at=at)


def device_event(unit: Unit, station_id: int, **fields: Any) -> None:
    """Keep one event of the device model."""
    store.add_device_event(unit, station_id, **fields)
