"""What stations reported of themselves, over REST."""

from datetime import datetime
from typing import Any

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from ocpp_css.charging.stations import store
from ocpp_css.charging.stations.service.lookup import identities
from ocpp_css.charging.stations.service.registration import get as the_station
from ocpp_css.edge import needs
from ocpp_css.kit.ids import public
from ocpp_css.kit.paging import Page, page_of, page_request
from ocpp_css.storage import Unit


class VariableShown(msgspec.Struct, frozen=True, kw_only=True):
    """A variable of the device model, or a configuration key of 1.6."""

    component: str | None
    component_instance: str | None
    evse_id: int | None
    connector_id: int | None
    variable: str
    variable_instance: str | None
    attribute: str
    value: str | None
    mutability: str | None
    characteristics: dict[str, Any] | None
    updated_at: datetime


async def _variables(unit: Unit, identity: str, search: str | None, *, of_16: bool) -> list[VariableShown]:
    station = await the_station(unit, identity)
    found = await store.variables_of(unit, station.station_id, search)
    return [
        VariableShown(
            component=v.component or None,
            component_instance=v.component_instance or None,
            evse_id=v.evse_id or None,
            connector_id=v.connector_id or None,
            variable=v.variable,
            variable_instance=v.variable_instance or None,
            attribute=v.attribute,
            value=v.value,
            mutability=v.mutability,
            characteristics=v.characteristics,
            updated_at=v.updated_at,
        )
        for v in found
        if bool(v.component) != of_16
    ]


@get("/api/v1/stations/{identity:str}/variables", opt=needs("stations:read"))
async def list_variables(
    unit: NamedDependency[Unit], identity: FromPath[str], search: FromQuery[str | None] = None
) -> Page[VariableShown]:
    """List what is known of the station's device model (2.x)."""
    return Page(await _variables(unit, identity, search, of_16=False))


@get("/api/v1/stations/{identity:str}/configuration", opt=needs("stations:read"))
async def list_configuration(
    unit: NamedDependency[Unit], identity: FromPath[str], search: FromQuery[str | None] = None
) -> Page[VariableShown]:
    """List what is known of the station's configuration keys (1.6)."""
    return Page(await _variables(unit, identity, search, of_16=True))


class SecurityEventShown(msgspec.Struct, frozen=True, kw_only=True):
    """A security event as a station reported it."""

    id: str
    station: str
    type: str
    tech_info: str | None
    is_critical: bool
    station_time: datetime
    at: datetime


@get("/api/v1/stations/{identity:str}/security-events", opt=needs("stations:read"))
async def list_security_events(
    unit: NamedDependency[Unit],
    identity: FromPath[str],
    limit: FromQuery[int | None] = None,
    cursor: FromQuery[str | None] = None,
) -> Page[SecurityEventShown]:
    """List a station's security events, the newest first."""
    asked = page_request(limit, cursor, sorts=("-at",))
    station = await the_station(unit, identity)
    rows = await store.security_events(unit, station.station_id, asked.after, asked.limit)
    names = await identities(unit, (row.station_id for row in rows))
    return page_of(rows, asked, lambda row: (None, row.id)).map(
        lambda row: SecurityEventShown(
            id=public(row.id),
            station=names[row.station_id],
            type=row.type,
            tech_info=row.tech_info,
            is_critical=row.is_critical,
            station_time=row.station_time,
            at=row.at,
        )
    )


HANDLERS = (list_variables, list_configuration, list_security_events)
