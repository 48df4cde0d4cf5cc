"""Timed work on the outbox: facts that nobody will ask for any more go (TRUST P17)."""

from datetime import timedelta
from functools import partial

from ocpp_css.charging import stations
from ocpp_css.outreach.feed import store
from ocpp_css.storage import Database
from ocpp_css.storage.partitions import bound
from ocpp_css.storage.removing import remove_slowly


async def forget(db: Database, keep: timedelta) -> int:
    """Remove what is outdated; how many facts."""
    find = partial(store.outdated, before=bound(db.clock() - keep))
    return sum([(await remove_slowly(db, tenant, 0, find, store.remove))[0] for tenant in await stations.owners(db)])
