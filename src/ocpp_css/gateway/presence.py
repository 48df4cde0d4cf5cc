"""Which stations are online over all processes: this one's heartbeat, and the stations of processes that died."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

import structlog
from sqlalchemy import Row, select

from ocpp_css.gateway.directory import Directory
from ocpp_css.gateway.events import StationDisconnected
from ocpp_css.storage import Database, Outcome, Unit
from ocpp_css.storage.nodes import BEAT_S, Nodes, Seen, demand_dead
from ocpp_css.storage.tables import LINKS

_log = structlog.get_logger(__name__)

AT_ONCE: Final = 500


class PresenceWatch:
    """Beats, and puts stations offline whose process is gone. `woken`: this one was given up by others."""

    def __init__(
        self, db: Database, directory: Directory, nodes: Nodes, woken: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        self._db = db
        self._directory = directory
        self._nodes = nodes
        self._woken = woken
        self._task: asyncio.Task[None] | None = None

    async def begin(self, *, alone: bool) -> None:
        """Join the others; after this, stations of processes known to be dead are offline."""
        await self._nodes.join(alone=alone)
        await self._sweep()
        self._task = asyncio.get_running_loop().create_task(self._run(), name="presence")

    async def end(self) -> None:
        """Leave; the stations of this process are offline by then."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._nodes.leave()

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(BEAT_S)
            try:
                if not await self._nodes.beat() and self._woken is not None:
                    await self._woken()
                await self._sweep()
            except Exception as fault:  # noqa: BLE001 - the next turn tries again
                _log.warning("presence not kept", exc_info=fault)

    async def _sweep(self) -> None:
        """Stations online at a process that is not: each put offline once, and its fence raised, whoever looks first.

        Where stations are is read before who lives: a process joins before it takes a station.
        """
        query = select(LINKS.c.tenant_id, LINKS.c.node).where(LINKS.c.is_online.is_(True)).distinct()
        holders = {row.node for row in await self._db.across_tenants(query)}
        found = await self._nodes.look()
        for node in sorted(holders):
            seen = found.get(node)
            if seen is None or not seen.is_live:
                await self._put_offline(node, seen)

    async def _put_offline(self, node: int, seen: Seen | None) -> None:
        query = select(LINKS).where(LINKS.c.is_online.is_(True), LINKS.c.node == node).limit(AT_ONCE)
        while rows := await self._db.across_tenants(query):
            units = [self._offline(row) for row in rows]
            for unit in units:
                demand_dead(unit, node, seen)
            await asyncio.gather(*(unit.ended() for unit in units))
            if len(rows) < AT_ONCE or any(unit.outcome is Outcome.FAILED for unit in units):
                return

    def _offline(self, row: Row[Any]) -> Unit:
        unit = self._db.unit(row.tenant_id)
        unit.update(LINKS, (row.station_id,), seen=row.version, is_online=False, changed_at=unit.now)
        station = self._directory.entry(row.tenant_id, row.station_id)
        if station is not None:
            unit.emit(StationDisconnected(row.station_id, station.identity, 0))
        return unit
