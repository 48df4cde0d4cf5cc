"""Queries on the message log."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select

from ocpp_css.gateway.messages import MESSAGES
from ocpp_css.kit.clock import to_micros
from ocpp_css.kit.ids import first_id_at
from ocpp_css.storage import Unit


async def page(
    unit: Unit, station_id: int, filters: Mapping[str, Any], before: int | None, limit: int
) -> Sequence[Row[Any]]:
    """Exchanges of a station, the newest first, of ids up to `before`; one more than `limit`.

    `filters`: action, since, until (of arrival), errors (only those), transaction_id.
    """
    query = select(MESSAGES).where(MESSAGES.c.station_id == station_id)
    if filters.get("action") is not None:
        query = query.where(MESSAGES.c.action == filters["action"])
    if filters.get("errors"):
        query = query.where(MESSAGES.c.error.is_not(None))
    if filters.get("transaction_id") is not None:
        query = query.where(MESSAGES.c.transaction_id == filters["transaction_id"])
    if filters.get("since") is not None:
        query = query.where(MESSAGES.c.id >= first_id_at(to_micros(filters["since"]) // 1000))
    if filters.get("until") is not None:
        query = query.where(MESSAGES.c.id < first_id_at(to_micros(filters["until"]) // 1000))
    if before is not None:
        query = query.where(MESSAGES.c.id <= before)
    return await unit.all(query.order_by(MESSAGES.c.id.desc()).limit(limit + 1))


async def outdated(unit: Unit, before: datetime, after: int, limit: int) -> Sequence[int]:
    """Exchanges behind the number `after` that arrived before and belong to no transaction, the oldest first."""
    query = select(MESSAGES.c.id).where(MESSAGES.c.transaction_id.is_(None), MESSAGES.c.id > after)
    query = query.where(MESSAGES.c.id < first_id_at(to_micros(before) // 1000))
    return [row.id for row in await unit.all(query.order_by(MESSAGES.c.id).limit(limit))]


def remove(unit: Unit, number: int) -> None:
    """Forget one exchange."""
    unit.delete(MESSAGES, (number,))
