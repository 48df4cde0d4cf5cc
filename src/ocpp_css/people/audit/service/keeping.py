"""What is too old goes, and the rest still proves that it is whole: the chain begins at a signed mark then."""

from datetime import timedelta

from ocpp_css.edge.principal import Principal
from ocpp_css.people.audit import store
from ocpp_css.people.audit.service.entries import record
from ocpp_css.people.audit.store import AUDIT
from ocpp_css.storage import Database
from ocpp_css.storage.chains import PRUNED, End, mark, marked

AT_ONCE = 2_000
MACHINE = Principal("anonymous", name="timed work")


async def prune(db: Database, account: int, keep: timedelta) -> int:
    """Remove the entries of an account that are older than `keep`; how many there were.

    The mark moves first, in a commit of its own: the database refuses to let go of what stands after it. Where the
    process dies in between, the next turn removes the rest.
    """
    unit = db.unit(account)
    kept = await marked(unit, db.chains, AUDIT.name + PRUNED) or End()
    wanted = await store.last_before(unit, unit.now - keep)
    if wanted is not None and wanted.number > kept.number:
        mark(unit, db.chains, AUDIT.name + PRUNED, wanted)
        record(unit, MACHINE, "audit.pruned", "audit", str(wanted.number), {"number": kept.number})
        await unit.commit()
        kept = wanted
    return await _remove(db, account, kept.number)


async def _remove(db: Database, account: int, number: int) -> int:
    removed = 0
    while found := await store.up_to(db.unit(account), number, AT_ONCE):
        unit = db.unit(account)
        for entry_id in found:
            store.remove(unit, entry_id)
        await unit.commit()
        removed += len(found)
    return removed


async def adopt(db: Database, account: int) -> int:
    """Put entries of a time without chains into the chain, in the order they were entered; how many there were."""
    adopted = 0
    while found := await store.unlinked(db.unit(account), AT_ONCE):
        unit = db.unit(account)
        for row in found:
            store.remove(unit, row.id)
            store.add(unit, account, row)
        await unit.commit()
        adopted += len(found)
    if adopted:
        unit = db.unit(account)
        record(unit, MACHINE, "audit.adopted", "audit", "*", None, {"entries": adopted})
        await unit.commit()
    return adopted
