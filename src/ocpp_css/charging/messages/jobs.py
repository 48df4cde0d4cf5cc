"""Timed work on the message log: what is no longer needed goes (TRUST P17)."""

import asyncio
from datetime import timedelta

import structlog

from ocpp_css.charging import stations
from ocpp_css.charging.messages import store
from ocpp_css.storage import Database

_log = structlog.get_logger(__name__)

EVERY_S = 3600.0
KEPT = timedelta(days=30)
AT_ONCE = 500


async def forget_regularly(db: Database) -> None:
    """Each hour, messages of over thirty days that belong to no transaction."""
    while True:
        try:
            forgotten = await forget(db)
            if forgotten:
                _log.info("old messages removed", count=forgotten)
        except Exception as fault:  # noqa: BLE001 - the next turn tries again
            _log.warning("old messages could not be removed", exc_info=fault)
        await asyncio.sleep(EVERY_S)


async def forget(db: Database) -> int:
    """Remove what is outdated, some hundred at a time; how many."""
    return sum([await _forget(db, tenant) for tenant in await stations.owners(db)])


async def _forget(db: Database, tenant: int) -> int:
    count = last = 0
    while found := await store.outdated(db.unit(tenant), db.clock() - KEPT, last, AT_ONCE):
        unit = db.unit(tenant)
        for number in found:
            store.remove(unit, number)
        await unit.commit()
        count, last = count + len(found), found[-1]
    return count
