"""Rows that are too old go, each hour, a few hundred at a time, so that whoever writes meanwhile hardly notices."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import structlog
from sqlalchemy import Row

from ocpp_css.storage.database import Database
from ocpp_css.storage.unit import Unit

_log = structlog.get_logger(__name__)

EVERY_S = 3600.0
AT_ONCE = 500
SHARE = 0.2
"""What the removal may take of the writer's time."""

Find = Callable[[Unit, int], Awaitable[Sequence[Row[Any]]]]
"""Up to `AT_ONCE` rows with an `id` above the number, the oldest first."""


async def remove_slowly(
    db: Database, tenant: int, last: int, find: Find, remove: Callable[[Unit, Row[Any]], None]
) -> tuple[int, int]:
    """Remove what is found after the number `last`; how many rows, and the number of the newest of them."""
    count = 0
    while found := await find(db.unit(tenant), last):
        unit = db.unit(tenant)
        for row in found:
            remove(unit, row)
        started = time.monotonic()
        await unit.commit()
        count, last = count + len(found), found[-1].id
        await asyncio.sleep((time.monotonic() - started) * (1 / SHARE - 1))
    return count, last


def forgetting(topic: str, forget: Callable[[], Awaitable[int]]) -> Callable[[], Awaitable[None]]:
    """Forget what is outdated each hour; `forget` says how many rows went. Await what is returned to end it."""
    task = asyncio.get_running_loop().create_task(_each_hour(topic, forget), name=f"forget-{topic}")

    async def stop() -> None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    return stop


async def _each_hour(topic: str, forget: Callable[[], Awaitable[int]]) -> None:
    while True:
        try:
            if count := await forget():
                _log.info("old rows removed", topic=topic, count=count)
        except Exception as fault:  # noqa: BLE001 - the next turn tries again
            _log.warning("old rows could not be removed", topic=topic, exc_info=fault)
        await asyncio.sleep(EVERY_S)
