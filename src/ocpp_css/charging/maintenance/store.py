"""Progress reports of firmware updates and uploads."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, Row, Text, select

from ocpp_css.kit.paging import Cursor
from ocpp_css.storage import STATION_NUMBER, Unit, UtcTime, tenant_table

PROGRESS = tenant_table(
    "maintenance_progress",
    Column("id", BigInteger),
    Column("station_id", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("request_id", STATION_NUMBER),
    Column("at", UtcTime, nullable=False),
    key=("id",),
    indexes=[("station_id", "id")],
)


def add(unit: Unit, station_id: int, kind: str, status: str, request_id: int | None) -> None:
    """One report."""
    unit.insert(
        PROGRESS, id=unit.new_id(), station_id=station_id, kind=kind, status=status, request_id=request_id, at=unit.now
    )


async def page(
    unit: Unit, station_id: int, kinds: Sequence[str], after: Cursor | None, limit: int
) -> Sequence[Row[Any]]:
    """Reports of a station, the newest first; one more than `limit`."""
    query = select(PROGRESS).where(PROGRESS.c.station_id == station_id, PROGRESS.c.kind.in_(kinds))
    if after is not None:
        query = query.where(PROGRESS.c.id < after.id)
    return await unit.all(query.order_by(PROGRESS.c.id.desc()).limit(limit + 1))
