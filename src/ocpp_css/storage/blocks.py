"""Numbers that many processes hand out without asking each time: each takes a block of them."""

import asyncio
from typing import TYPE_CHECKING

from sqlalchemy import select

from ocpp_css.kit.errors import Conflict
from ocpp_css.storage.tables import COUNTERS

if TYPE_CHECKING:
    from ocpp_css.storage.database import Database

BLOCK = 1_000


class Blocks:
    """The rest of the block of each (tenant, counter)."""

    def __init__(self, db: "Database") -> None:
        self._db = db
        self._left: dict[tuple[int, str], range] = {}
        self._lock = asyncio.Lock()

    async def next(self, tenant: int, name: str) -> int:
        """The next number; a new block is stored before its first number is given."""
        key = (tenant, name)
        if not self._left.get(key):
            async with self._lock:
                while not self._left.get(key):
                    await self._take(tenant, name)
        left = self._left[key]
        self._left[key] = left[1:]
        return left[0]

    async def _take(self, tenant: int, name: str) -> None:
        unit = self._db.unit(tenant)
        row = await unit.first(select(COUNTERS).where(COUNTERS.c.name == name))
        if row is None:
            unit.require_absent(COUNTERS, name=name)
            unit.insert(COUNTERS, name=name, value=BLOCK, version=1)
        else:
            unit.update(COUNTERS, (name,), seen=row.version, value=row.value + BLOCK)
        try:
            await unit.commit()
        except Conflict:
            return
        start = 1 if row is None else row.value + 1
        self._left[tenant, name] = range(start, start + BLOCK)
