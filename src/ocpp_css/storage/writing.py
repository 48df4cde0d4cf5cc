"""Group commit: what waits is written together, in one transaction, and then every unit hears how it ended."""

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Callable

from ocpp_css.observe.measures import Commits
from ocpp_css.storage.unit import Unit


class Writer(ABC):
    """The one who writes, a task on the loop; `take` gives it the units that wait, `release` tells how they ended.

    From one commit to the next pass `interval_s` at least, unless `enough` units wait before: the fewer commits, the
    less each unit costs. What comes after a pause is committed at once.
    """

    interval_s = 0.002
    """Half the work for 1.5 ms of patience (SPEED 1)."""
    enough = 1_000

    def __init__(self, take: Callable[[], list[Unit]], release: Callable[[list[Unit]], None]) -> None:
        self.commits = Commits()
        self.is_away = False
        self._take = take
        self._release = release
        self._wanted = asyncio.Event()
        self._ripe = asyncio.Event()
        self._stopping = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to commit."""
        self._task = asyncio.get_running_loop().create_task(self._run(), name="writer")

    def wake(self, waiting: int) -> None:
        """So many units wait."""
        self._wanted.set()
        if waiting >= self.enough:
            self._ripe.set()

    async def stop(self) -> None:
        """Commit what waits, then end."""
        self._stopping = True
        self._wanted.set()
        self._ripe.set()
        if self._task is not None:
            await self._task
        await self._close()

    async def _run(self) -> None:
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            while units := self._next():
                self._ripe.clear()
                begun = time.monotonic()
                await self._commit(units)
                self.commits.note(len(units), time.monotonic() - begun)
                await self._rest(begun + self.interval_s - time.monotonic())
            if self._stopping:
                return

    async def _rest(self, rest_s: float) -> None:
        if rest_s > 0 and not self._stopping:
            end = asyncio.get_running_loop().call_later(rest_s, self._ripe.set)
            await self._ripe.wait()
            end.cancel()

    def _next(self) -> list[Unit]:
        """The units of the next commit."""
        return self._take()

    @abstractmethod
    async def _commit(self, units: list[Unit]) -> None:
        """Write the units and release each of them, whatever happens."""

    @abstractmethod
    async def _close(self) -> None:
        """Let go of the database."""
