"""The processes of one database: which of them live.

No clock of another machine is read. A process that lives raises the version of its row; one whose row stands still
for too long, by the clock of whoever looks, is declared dead, and learns of it when it wakes.
"""

import time
from typing import TYPE_CHECKING, Final, NamedTuple

import structlog
from sqlalchemy import select

from ocpp_css.kit.errors import Conflict
from ocpp_css.storage.schema import PROVIDER
from ocpp_css.storage.tables import NODES

if TYPE_CHECKING:
    from ocpp_css.storage.database import Database
    from ocpp_css.storage.unit import Unit

_log = structlog.get_logger(__name__)

BEAT_S: Final = 4.0
FORGOTTEN_S: Final = 86_400.0
SILENT_S: Final = 16.0
"""With a look each `BEAT_S` a death is seen after 24 s at most."""


class Seen(NamedTuple):
    """A process as its row has it."""

    version: int
    is_live: bool


async def known(db: "Database") -> dict[int, Seen]:
    """The processes that did not leave in order, those that were declared dead too."""
    rows = await db.unit(PROVIDER).all(select(NODES.c.node, NODES.c.version, NODES.c.is_live))
    return {row.node: Seen(row.version, bool(row.is_live)) for row in rows}


def demand_dead(unit: "Unit", node: int, seen: Seen | None) -> None:
    """Let the unit end STALE where the process came back; one that left never does."""
    if seen is not None:
        unit.versions = [*(unit.versions or ()), (NODES, (PROVIDER, node), seen.version)]


class Nodes:
    """The place of this process among the others."""

    def __init__(self, db: "Database", role: str) -> None:
        self._db = db
        self._role = role
        self._version = 0
        self._heard: dict[int, tuple[int, float]] = {}

    async def join(self, *, alone: bool) -> None:
        """Say that this process is there; where it is the only one, others that look alive are not."""
        unit = self._db.unit(PROVIDER)
        unit.insert(NODES, node=self._db.node, role=self._role, started_at=unit.now, is_live=True, version=1)
        await unit.commit()
        self._version = 1
        if alone:
            for node, seen in (await known(self._db)).items():
                if node != self._db.node:
                    await self._declare_dead(node, seen.version)

    async def beat(self) -> bool:
        """Say that this process lives; False where others had declared it dead: what it held is no longer its own."""
        unit = self._db.unit(PROVIDER)
        unit.update(NODES, (self._db.node,), seen=self._version, is_live=True)
        try:
            await unit.commit()
        except Conflict:
            was = (await known(self._db))[self._db.node]
            self._version = was.version
            return await self.beat() and was.is_live
        self._version += 1
        return True

    async def look(self) -> dict[int, Seen]:
        """Declare dead whoever has been silent for too long; all that are known."""
        try:
            found = await known(self._db)
        except Exception:
            self._heard.clear()
            raise
        now = time.monotonic()
        self._heard = {
            node: heard if (heard := self._heard.get(node)) and heard[0] == seen.version else (seen.version, now)
            for node, seen in found.items()
        }
        for node, (version, since) in self._heard.items():
            if found[node].is_live and now - since > SILENT_S and node != self._db.node:
                if await self._declare_dead(node, version):
                    found[node] = Seen(version + 1, is_live=False)
            elif not found[node].is_live and now - since > FORGOTTEN_S:
                await self._forget(node)
        return found

    async def _forget(self, node: int) -> None:
        unit = self._db.unit(PROVIDER)
        unit.delete(NODES, (node,))
        await unit.commit()

    async def _declare_dead(self, node: int, version: int) -> bool:
        unit = self._db.unit(PROVIDER)
        unit.update(NODES, (node,), seen=version, is_live=False)
        try:
            await unit.commit()
        except Conflict:
            return False
        _log.warning("a process is silent; its stations count as offline", node=node)
        return True

    async def leave(self) -> None:
        """The end of this process, told in order."""
        unit = self._db.unit(PROVIDER)
        unit.delete(NODES, (self._db.node,))
        await unit.ended()
