"""Timed work of accounts: what the command line wrote beside the running service is noticed."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

from ocpp_css.people.tenants import store
from ocpp_css.storage import PROVIDER, Database

INTERVAL_S = 1.0
RENEWED_EACH = 5
"""Every so many looks memory is read anew while the bus is away."""

_log = structlog.get_logger(__name__)


class OutsideWatch:
    """Reads anew what this process remembers when another mark stands in the database, or the bus missed something.

    The mark is left by commands, which are on no bus, and by whoever told something that did not go out.
    """

    def __init__(self, db: Database, renewals: Sequence[Callable[[], Awaitable[None]]]) -> None:
        self._db = db
        self._renewals = renewals
        self._seen = 0
        self._gaps = 0
        self._unsent = 0
        self._turns_alone = 0

    async def begin(self) -> None:
        """Take what stands now as known."""
        self._seen = await store.outside_mark(self._db.unit(PROVIDER))

    async def look(self) -> bool:
        """Whether something came from outside since the last look; memory is fresh afterwards."""
        bus = self._db.bus
        gaps, unsent = bus.gaps, bus.unsent
        if unsent != self._unsent:
            await self._leave_mark()
            self._unsent = unsent
        mark = await store.outside_mark(self._db.unit(PROVIDER))
        self._turns_alone = 0 if bus.is_whole else self._turns_alone + 1
        if mark == self._seen and gaps == self._gaps and self._turns_alone % RENEWED_EACH != 1:
            return False
        for renew in self._renewals:
            await renew()
        self._seen, self._gaps = mark, gaps
        return True

    async def _leave_mark(self) -> None:
        unit = self._db.unit(PROVIDER)
        store.mark_outside(unit)
        await unit.commit()

    async def run(self) -> None:
        """Look each second, until cancelled; a database that fails once is asked again."""
        while True:
            await asyncio.sleep(INTERVAL_S)
            try:
                await self.look()
            except Exception as fault:  # noqa: BLE001 - whatever the fault, the next second asks again
                await _log.awarning("outside_watch_failed", exc_info=fault)
