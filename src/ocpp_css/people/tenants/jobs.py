"""Timed work of accounts: what the command line wrote beside the running service is noticed."""

import asyncio

import structlog

from ocpp_css.people.tenants import service, store
from ocpp_css.storage import PROVIDER, Database

INTERVAL_S = 1.0
_log = structlog.get_logger(__name__)


class OutsideWatch:
    """Looks at the mark that commands leave, and reads the doors and the caches anew when it is another."""

    def __init__(self, db: Database, doors: service.MemoryDoors) -> None:
        self._db = db
        self._doors = doors
        self._seen = 0

    async def begin(self) -> None:
        """Take what stands now as known."""
        self._seen = await store.outside_mark(self._db.unit(PROVIDER))

    async def look(self) -> bool:
        """Whether something came from outside since the last look; memory is fresh afterwards."""
        mark = await store.outside_mark(self._db.unit(PROVIDER))
        if mark == self._seen:
            return False
        self._db.caches.clear()
        await self._doors.load()
        self._seen = mark
        return True

    async def run(self) -> None:
        """Look each second, until cancelled; a database that fails once is asked again."""
        while True:
            await asyncio.sleep(INTERVAL_S)
            try:
                await self.look()
            except Exception:  # noqa: BLE001 - whatever the fault, the next second asks again
                await _log.aexception("outside_watch_failed")
