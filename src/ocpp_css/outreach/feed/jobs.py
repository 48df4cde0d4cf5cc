"""Timed work on the outbox: facts that nobody will ask for any more go (TRUST P17)."""

import asyncio
from datetime import timedelta
from functools import partial

import structlog

from ocpp_css.charging import stations
from ocpp_css.outreach.feed import store
from ocpp_css.storage import Database
from ocpp_css.storage.partitions import bound
from ocpp_css.storage.removing import remove_slowly

_log = structlog.get_logger(__name__)

EVERY_S = 3600.0


async def forget_regularly(db: Database, keep: timedelta) -> None:
    """Each hour, what is older than it may be."""
    while True:
        try:
            forgotten = await forget(db, keep)
            if forgotten:
                _log.info("old events removed", count=forgotten)
        except Exception as fault:  # noqa: BLE001 - the next turn tries again
            _log.warning("old events could not be removed", exc_info=fault)
        await asyncio.sleep(EVERY_S)


async def forget(db: Database, keep: timedelta) -> int:
    """Remove what is outdated; how many facts."""
    find = partial(store.outdated, before=bound(db.clock() - keep))
    return sum([(await remove_slowly(db, tenant, 0, find, store.remove))[0] for tenant in await stations.owners(db)])
