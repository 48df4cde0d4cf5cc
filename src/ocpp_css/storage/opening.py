"""Opens a database: brings it up to date, gives this process its number."""

from pathlib import Path

from sqlalchemy import select

from ocpp_css.bus import Bus
from ocpp_css.kit.clock import Clock
from ocpp_css.kit.errors import Conflict
from ocpp_css.kit.ids import PLACES, Ids
from ocpp_css.storage import keys, migrating, nodes
from ocpp_css.storage.catching_up import catch_up
from ocpp_css.storage.database import Database
from ocpp_css.storage.schema import PROVIDER
from ocpp_css.storage.sealing import Vault
from ocpp_css.storage.tables import COUNTERS

NODES = "nodes"


async def open_database(url: str, bus: Bus, clock: Clock, vault: Vault, *, migrate: bool = True) -> Database:
    """The database, upgraded unless `migrate` is False; then `migrating.NotUpToDate` where it would have to be."""
    if url.startswith("sqlite"):
        _make_private(Path(url.removeprefix("sqlite:///")))
    try:
        await migrating.bring_up_to_date(url, migrate=migrate)
    except OSError as fault:
        where = url.rpartition("@")[2]
        raise OSError(f"the database at {where} cannot be reached: {fault.strerror or fault}") from None
    db = Database(url, bus, clock, vault)
    taken = {number % PLACES for number in await nodes.known(db)}
    while (number := await _next_node(db)) % PLACES in taken:
        pass
    db.node, db.ids = number, Ids(number)
    try:
        await keys.check(db, vault.secrets)
        await keys.check_people(db)
        await catch_up(db)
    except BaseException:
        await db.close()
        raise
    return db


def _make_private(path: Path) -> None:
    """A new file is its owner's alone; what SQLite puts beside it has the same mode."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)


async def _next_node(db: Database) -> int:
    """A number that no other process has: ids made by two of them never meet."""
    while True:
        unit = db.unit(PROVIDER)
        row = await unit.first(select(COUNTERS).where(COUNTERS.c.name == NODES))
        if row is None:
            unit.require_absent(COUNTERS, name=NODES)
            unit.insert(COUNTERS, name=NODES, value=1, version=1)
        else:
            unit.update(COUNTERS, (NODES,), seen=row.version, value=row.value + 1)
        try:
            await unit.commit()
        except Conflict:
            continue
        return 1 if row is None else int(row.value) + 1
