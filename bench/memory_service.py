"""`ocpp-css` with the writer replaced: what stations say is kept nowhere and answered at once.

    python -m bench.memory_service serve …

For the benchmark only: it shows what durability costs. What does not come from a station (accounts, stations, tokens,
blocks of numbers) goes to SQLite as ever.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from pathlib import Path

from ocpp_css.app.cli import main
from ocpp_css.storage import database
from ocpp_css.storage.chains import Chains
from ocpp_css.storage.sqlite import SqliteWriter
from ocpp_css.storage.unit import Outcome, Unit

Take = Callable[[], list[Unit]]
Release = Callable[[list[Unit]], None]


class MemoryWriter(SqliteWriter):
    """Says at once of each station's unit that it is committed."""

    def __init__(self, path: Path, take: Take, release: Release, chains: Chains) -> None:
        self._take_all = take
        self._release_here = release
        self._loop = asyncio.get_running_loop()
        self._is_due = False
        self._others: deque[list[Unit]] = deque()
        super().__init__(path, self._take_others, release, chains)

    def wake(self, waiting: int) -> None:  # noqa: ARG002 - how many does not matter here
        """Something waits; called in the loop."""
        if not self._is_due:
            self._is_due = True
            self._loop.call_soon(self._settle)

    def _settle(self) -> None:
        self._is_due = False
        while units := self._take_all():
            forgotten = [unit for unit in units if unit.station]
            for unit in forgotten:
                unit.outcome = Outcome.COMMITTED
            self._release_here(forgotten)
            others = [unit for unit in units if not unit.station]
            if others:
                self._others.append(others)
                super().wake(len(others))

    def _take_others(self) -> list[Unit]:
        return self._others.popleft() if self._others else []

    async def stop(self) -> None:
        """Hand over what waits, then end."""
        self._settle()
        await super().stop()


if __name__ == "__main__":
    database.SqliteWriter = MemoryWriter  # type: ignore[attr-defined]
    main()
