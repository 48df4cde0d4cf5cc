"""Connectors: their last reported state."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, Row, Text, select

from ocpp_css.model.station import Connector
from ocpp_css.storage import STATION_NUMBER, StateKey, Unit, UtcTime, tenant_table

CONNECTORS = tenant_table(
    "connectors",
    Column("station_id", BigInteger),
    Column("evse_id", STATION_NUMBER),
    Column("connector_id", STATION_NUMBER),
    Column("status", Text, nullable=False),
    Column("error_code", Text),
    Column("info", Text),
    Column("updated_at", UtcTime, nullable=False),
    key=("station_id", "evse_id", "connector_id"),
)

Connectors = Mapping[tuple[int, int], Connector]
"""By (EVSE, connector)."""


async def load_connectors(unit: Unit, stations: Sequence[int]) -> dict[int, Connectors]:
    """The connectors of many stations."""
    found: dict[int, dict[tuple[int, int], Connector]] = {}
    for start in range(0, len(stations), 500):
        chunk = stations[start : start + 500]
        for row in await unit.all(select(CONNECTORS).where(CONNECTORS.c.station_id.in_(chunk))):
            connector = to_connector(row)
            found.setdefault(row.station_id, {})[connector.evse_id, connector.connector_id] = connector
    return dict(found)


CONNECTORS_OF: StateKey[Connectors] = StateKey("connectors", load_connectors, dict)


async def connectors_of(unit: Unit, station_id: int) -> list[Connector]:
    """The connectors of one station as they are stored, in order."""
    query = select(CONNECTORS).where(CONNECTORS.c.station_id == station_id)
    return [
        to_connector(row) for row in await unit.all(query.order_by(CONNECTORS.c.evse_id, CONNECTORS.c.connector_id))
    ]


def report_connector(unit: Unit, station_id: int, known: Connectors, connector: Connector) -> None:
    """Store a connector's new state, in the station's memory too."""
    unit.upsert(
        CONNECTORS,
        station_id=station_id,
        evse_id=connector.evse_id,
        connector_id=connector.connector_id,
        status=connector.status,
        error_code=connector.error_code,
        info=connector.info,
        updated_at=connector.updated_at,
    )
    unit.keep(CONNECTORS_OF, station_id, {**known, (connector.evse_id, connector.connector_id): connector})


def to_connector(row: Row[Any]) -> Connector:
    """The row as a value."""
    return Connector(row.evse_id, row.connector_id, row.status, row.error_code, row.info, row.updated_at)
