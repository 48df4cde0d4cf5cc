"""Timed work on the message log: what is no longer needed goes (TRUST P17, decision 33)."""

from datetime import timedelta
from functools import partial
from typing import NamedTuple

from ocpp_css.charging import stations
from ocpp_css.charging.messages import store
from ocpp_css.gateway.messages import MESSAGES
from ocpp_css.storage import Database
from ocpp_css.storage.partitions import Partitions, bound
from ocpp_css.storage.removing import remove_slowly


class Keeping(NamedTuple):
    """For how long messages are kept, and those of transactions."""

    others: timedelta = timedelta(days=30)
    of_transactions: timedelta = timedelta(days=730)


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
    find = partial(store.outdated, before=bound(db.clock() - kept), of_transactions=of_transactions)
    count, last = await remove_slowly(db, tenant, await store.forgotten(db.unit(tenant), kind), find, store.remove)
    if count:
        unit = db.unit(tenant)
        store.note_forgotten(unit, kind, last)
        await unit.commit()
    return count
