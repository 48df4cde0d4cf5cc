"""Queries on the message log."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, select

from ocpp_css.gateway.messages import BULK, LATE, MESSAGES, RARE, of_stations
from ocpp_css.kit.clock import to_micros
from ocpp_css.kit.ids import LARGEST, first_id_at
from ocpp_css.storage import Unit
from ocpp_css.storage.removing import AT_ONCE
from ocpp_css.storage.tables import COUNTERS


async def page(
    unit: Unit, station_id: int, filters: Mapping[str, Any], before: int | None, limit: int
) -> Sequence[Row[Any]]:
    """Exchanges of a station, the newest first, of ids up to `before`; one more than `limit`.

    `filters`: action, since, until (of arrival), errors (only those), transaction_id.
    """
    query, first, last = select(MESSAGES), 0, LARGEST if before is None else before
    is_rare = bool(filters.get("errors"))
    if is_rare:
        query = query.where(MESSAGES.c.error.is_not(None))
    if filters.get("action") is not None:
        query = query.where(MESSAGES.c.action == filters["action"])
        if filters["action"] not in BULK:
            query, is_rare = query.where(RARE), True
    if filters.get("transaction_id") is not None:
        query = query.where(MESSAGES.c.transaction_id == filters["transaction_id"])
    if filters.get("since") is not None:
        first = first_id_at(to_micros(filters["since"]) // 1000)
    if filters.get("until") is not None:
        last = min(last, first_id_at(to_micros(filters["until"]) // 1000) - 1)
    if is_rare:
        query = query.where(MESSAGES.c.station_id == station_id, MESSAGES.c.id.between(first, last))
        return await unit.all(query.order_by(MESSAGES.c.id.desc()).limit(limit + 1))
    found = await of_stations(unit, query, [station_id], ids=(first, last), limit=limit + 1)
    return found[station_id]


IS_KEPT_LONGER = "transaction_id IS NOT NULL"
"""Rows of transactions, in PostgreSQL's words: their meter values and events are read out of them."""


async def outdated(unit: Unit, after: int, *, before: int, of_transactions: bool) -> Sequence[Row[Any]]:
    """(id, station_id) between the two of exchanges that belong to a transaction, or to none, the oldest first."""
    belongs = MESSAGES.c.transaction_id
    query = select(MESSAGES.c.id, MESSAGES.c.station_id)
    query = query.where(belongs.is_not(None) if of_transactions else belongs.is_(None))
    query = query.where(MESSAGES.c.id > after, MESSAGES.c.id < before)
    return await unit.all(query.order_by(MESSAGES.c.id).limit(AT_ONCE))


def remove(unit: Unit, row: Row[Any]) -> None:
    """Forget one exchange."""
    unit.delete(MESSAGES, (row.id,))
    unit.delete(LATE, (row.station_id, row.id))


async def forgotten(unit: Unit, kind: str) -> int:
    """Up to which number the exchanges of a kind are gone already, so that nobody looks there again."""
    row = await unit.first(select(COUNTERS.c.value).where(COUNTERS.c.name == f"forgotten {kind}"))
    return 0 if row is None else int(row.value)


def note_forgotten(unit: Unit, kind: str, number: int) -> None:
    """The exchanges of a kind are gone up to this number."""
    unit.upsert(COUNTERS, name=f"forgotten {kind}", value=number)
