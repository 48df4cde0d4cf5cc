"""Timed work on the message log: what is no longer needed goes (TRUST P17, decision 33)."""

import asyncio
import time
from datetime import timedelta
from typing import NamedTuple

import structlog

from ocpp_css.charging import stations
from ocpp_css.charging.messages import store
from ocpp_css.gateway.messages import MESSAGES
from ocpp_css.storage import Database
from ocpp_css.storage.partitions import Partitions, bound

_log = structlog.get_logger(__name__)

EVERY_S = 3600.0
AT_ONCE = 500
SHARE = 0.2
"""What the removal may take of the writer's time."""


class Keeping(NamedTuple):
    """For how long messages are kept, and those of transactions."""

    others: timedelta = timedelta(days=30)
    of_transactions: timedelta = timedelta(days=730)


async def forget_regularly(db: Database, keeping: Keeping) -> None:
    """Each hour, what is older than it may be."""
    while True:
        try:
            forgotten = await forget(db, keeping)
            if forgotten:
                _log.info("old messages removed", count=forgotten)
        except Exception as fault:  # noqa: BLE001 - the next turn tries again
            _log.warning("old messages could not be removed", exc_info=fault)
        await asyncio.sleep(EVERY_S)


async def forget(db: Database, keeping: Keeping) -> int:
    """Remove what is outdated: rows, some hundred at a time, or whole weeks on PostgreSQL; how many of them."""
    if not db.is_embedded:
        partitions = Partitions(db.url, MESSAGES, store.IS_KEPT_LONGER)
        return await partitions.tend(db.clock(), keeping.others, keeping.of_transactions)
    count = 0
    for tenant in await stations.owners(db):
        count += await _forget(db, tenant, keeping.others, of_transactions=False)
        count += await _forget(db, tenant, keeping.of_transactions, of_transactions=True)
    return count


async def _forget(db: Database, tenant: int, kept: timedelta, *, of_transactions: bool) -> int:
    kind = "messages of transactions" if of_transactions else "messages"
    before, count = bound(db.clock() - kept), 0
    last = await store.forgotten(db.unit(tenant), kind)
    while found := await store.outdated(db.unit(tenant), before, last, AT_ONCE, of_transactions=of_transactions):
        unit = db.unit(tenant)
        for row in found:
            store.remove(unit, row.id, row.station_id)
        started = time.monotonic()
        await unit.commit()
        count, last = count + len(found), found[-1].id
        await asyncio.sleep((time.monotonic() - started) * (1 / SHARE - 1))
    if count:
        unit = db.unit(tenant)
        store.note_forgotten(unit, kind, last)
        await unit.commit()
    return count
