"""Facts, read from the outbox."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select

from ocpp_css.storage import Unit
from ocpp_css.storage.removing import AT_ONCE
from ocpp_css.storage.tables import FACTS


async def since(unit: Unit, number: int, limit: int) -> Sequence[Row[Any]]:
    """Facts after `number`, in order."""
    return await unit.all(select(FACTS).where(FACTS.c.id > number).order_by(FACTS.c.id).limit(limit))


async def newest(unit: Unit, limit: int, station_id: int | None = None) -> Sequence[Row[Any]]:
    """The newest facts, the newest first."""
    query = select(FACTS).order_by(FACTS.c.id.desc()).limit(limit)
    return await unit.all(query if station_id is None else query.where(FACTS.c.station_id == station_id))


async def outdated(unit: Unit, after: int, *, before: int) -> Sequence[Row[Any]]:
    """Numbers of facts between the two, the oldest first."""
    query = select(FACTS.c.id).where(FACTS.c.id > after, FACTS.c.id < before)
    return await unit.all(query.order_by(FACTS.c.id).limit(AT_ONCE))


def remove(unit: Unit, row: Row[Any]) -> None:
    """Forget one fact."""
    unit.delete(FACTS, (row.id,))
