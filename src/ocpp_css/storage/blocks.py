"""Numbers that many processes hand out without asking each time: each takes a block of them."""

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from sqlalchemy import select

from ocpp_css.kit.errors import Conflict
from ocpp_css.storage.tables import COUNTERS

if TYPE_CHECKING:
    from ocpp_css.storage.database import Database

BLOCK = 1_000

Counter = tuple[int, str]


class Blocks:
    """The rest of the blocks of each (tenant, counter); the next one is taken when half of the last is left.

    Whoever finds nothing left waits for the taking that is under way. A lock would wake one of them in a turn of the
    loop, while those who come later help themselves.
    """

    def __init__(self, db: "Database") -> None:
        self._db = db
        self._left: dict[Counter, deque[range]] = {}
        self._taking: dict[Counter, asyncio.Task[None]] = {}

    async def next(self, tenant: int, name: str) -> int:
        """The next number; a new block is stored before its first number is given."""
        counter = (tenant, name)
        left = self._left.setdefault(counter, deque())
        while not left:
            await asyncio.shield(self._more(counter))
        block = left.popleft()
        if len(block) > 1:
            left.appendleft(block[1:])
        if not left or (len(left) == 1 and len(left[0]) == BLOCK // 2):
            self._more(counter)
        return block[0]

    async def close(self) -> None:
        """Wait for the takings that are under way."""
        await asyncio.gather(*self._taking.values(), return_exceptions=True)

    def _more(self, counter: Counter) -> "asyncio.Task[None]":
        """The taking of one more block, begun if none is under way.

        One that has ended, of which `_taken` has not heard yet, is none: to wait for it would not let the loop go on.
        """
        task = self._taking.get(counter)
        if task is None or task.done():
            task = self._taking[counter] = asyncio.get_running_loop().create_task(self._take(counter), name="numbers")
            task.add_done_callback(lambda ended: self._taken(counter, ended))
        return task

    def _taken(self, counter: Counter, task: "asyncio.Task[None]") -> None:
        """Who waits hears of a fault; where nobody does, the one who finds nothing left tries again."""
        if self._taking.get(counter) is task:
            del self._taking[counter]
        if not task.cancelled():
            task.exception()

    async def _take(self, counter: Counter) -> None:
        tenant, name = counter
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
        self._left[counter].append(range(start, start + BLOCK))
