"""What stations report of themselves: variables, device events, security events."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Row, Text, func, or_, select

from ocpp_css.charging.stations.model import Variable
from ocpp_css.kit.clock import to_micros
from ocpp_css.kit.ids import first_id_at
from ocpp_css.kit.paging import Cursor
from ocpp_css.storage import STATION_NUMBER, Document, Unit, UtcTime, tenant_table

VARIABLES = tenant_table(
    "variables",
    Column("station_id", BigInteger),
    Column("component", Text),
    Column("component_instance", Text),
    Column("evse_id", STATION_NUMBER),
    Column("connector_id", STATION_NUMBER),
    Column("variable", Text),
    Column("variable_instance", Text),
    Column("attribute", Text),
    Column("value", Text),
    Column("mutability", Text),
    Column("characteristics", Document),
    Column("updated_at", UtcTime, nullable=False),
    key=(
        "station_id", "component", "component_instance", "evse_id", "connector_id", "variable", "variable_instance",
        "attribute",
    ),
)  # fmt: skip
"""Absent instances are empty texts, absent EVSEs and connectors 0; a 1.6 key has an empty component."""

SECURITY_EVENTS = tenant_table(
    "security_events",
    Column("id", BigInteger),
    Column("station_id", BigInteger, nullable=False),
    Column("type", Text, nullable=False),
    Column("tech_info", Text),
    Column("is_critical", Boolean, nullable=False),
    Column("station_time", UtcTime, nullable=False),
    Column("at", UtcTime, nullable=False),
    key=("id",),
    indexes=[("station_id", "id")],
)

DEVICE_EVENTS = tenant_table(
    "device_events",
    Column("id", BigInteger),
    Column("station_id", BigInteger, nullable=False),
    Column("component", Text, nullable=False),
    Column("variable", Text, nullable=False),
    Column("evse_id", STATION_NUMBER),
    Column("trigger", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("tech_code", Text),
    Column("tech_info", Text),
    Column("is_cleared", Boolean),
    Column("severity", STATION_NUMBER),
    Column("station_time", UtcTime, nullable=False),
    Column("at", UtcTime, nullable=False),
    key=("id",),
    indexes=[("station_id", "id")],
)


def keep_variable(unit: Unit, station_id: int, variable: Variable) -> None:
    """Store what a station says of one variable."""
    unit.upsert(
        VARIABLES,
        station_id=station_id,
        component=variable.component,
        component_instance=variable.component_instance,
        evse_id=variable.evse_id,
        connector_id=variable.connector_id,
        variable=variable.variable,
        variable_instance=variable.variable_instance,
        attribute=variable.attribute,
        value=variable.value,
        mutability=variable.mutability,
        characteristics=variable.characteristics,
        updated_at=variable.updated_at,
    )


async def variables_of(unit: Unit, station_id: int, search: str | None = None) -> list[Variable]:
    """The variables of a station, in the order of their names."""
    query = select(VARIABLES).where(VARIABLES.c.station_id == station_id)
    if search:
        found = (
            VARIABLES.c.component.icontains(search, autoescape=True),
            VARIABLES.c.variable.icontains(search, autoescape=True),
            VARIABLES.c.value.icontains(search, autoescape=True),
        )
        query = query.where(or_(*found))
    order = (VARIABLES.c.component, VARIABLES.c.evse_id, VARIABLES.c.variable, VARIABLES.c.variable_instance)
    return [_to_variable(row) for row in await unit.all(query.order_by(*order))]


def _to_variable(row: Row[Any]) -> Variable:
    fields = row._mapping  # noqa: SLF001 - SQLAlchemy's public name for it
    return Variable(**{name: fields[name] for name in Variable.__struct_fields__})


def add_security_event(unit: Unit, station_id: int, **fields: Any) -> int:
    """Store a security event; its number."""
    number = unit.new_id()
    unit.insert(SECURITY_EVENTS, id=number, station_id=station_id, at=unit.now, **fields)
    return number


async def security_events(unit: Unit, station_id: int | None, after: Cursor | None, limit: int) -> Sequence[Row[Any]]:
    """Security events, the newest first; one more than `limit`."""
    query = select(SECURITY_EVENTS).order_by(SECURITY_EVENTS.c.id.desc()).limit(limit + 1)
    if station_id is not None:
        query = query.where(SECURITY_EVENTS.c.station_id == station_id)
    if after is not None:
        query = query.where(SECURITY_EVENTS.c.id < after.id)
    return await unit.all(query)


async def count_security_events(unit: Unit, since: datetime) -> int:
    """How many security events came since then."""
    first = first_id_at(to_micros(since) // 1000)
    rows = await unit.all(select(func.count()).select_from(SECURITY_EVENTS).where(SECURITY_EVENTS.c.id >= first))
    return int(rows[0][0])


def add_device_event(unit: Unit, station_id: int, **fields: Any) -> None:
    """Store one event of NotifyEvent."""
    unit.insert(DEVICE_EVENTS, id=unit.new_id(), station_id=station_id, at=unit.now, **fields)
