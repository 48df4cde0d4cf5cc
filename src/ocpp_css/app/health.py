"""What must work for requests and stations to be served here: each check tries the thing itself (decision 31)."""

import asyncio
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ocpp_css.bus import Bus
from ocpp_css.edge.health import Check
from ocpp_css.gateway.hub import Hub
from ocpp_css.storage import PROVIDER, Database
from ocpp_css.storage.tables import COUNTERS

LEAST_FREE_BYTES: Final = 64 << 20
"""Less than this on the disk of the data, and the next commits of an embedded database are at risk."""
PROOF: Final = "proof of writing"
PROVEN_FOR_S: Final = 1.0


class Trouble(Exception):  # noqa: N818 - a state of the service, named as one says it
    """What a check found; the text goes to the log."""


class Proof:
    """Writes a row and waits for its commit, at most once a second whoever asks."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._task: asyncio.Task[None] | None = None
        self._begun = 0.0

    async def check(self) -> None:
        """Raise when the writer cannot commit, or is far behind."""
        if self._db.is_congested:
            raise Trouble("the writer is behind")
        now = time.monotonic()
        if self._task is None or (self._task.done() and now - self._begun > PROVEN_FOR_S):
            self._begun = now
            self._task = asyncio.get_running_loop().create_task(self._write(), name="proof-of-writing")
        await asyncio.shield(self._task)

    async def _write(self) -> None:
        unit = self._db.unit(PROVIDER)
        unit.upsert(COUNTERS, name=PROOF, value=int(unit.now.timestamp()))
        await unit.commit()


def checks(db: Database, bus: Bus, hub: Hub | None, data: Path) -> Mapping[str, Check]:
    """The checks by their names in `/health/ready`."""

    async def gateway() -> None:
        if hub is not None and hub.is_draining:
            raise Trouble("the gateway is draining")

    async def disk() -> None:
        free = (await asyncio.to_thread(shutil.disk_usage, data)).free
        if free < LEAST_FREE_BYTES:
            raise Trouble("the disk is full")

    found = {"database": db.ping, "writer": Proof(db).check, "bus": bus.ping, "stations": gateway}
    return found | {"disk": disk} if db.is_embedded else found
