"""Rows that are too old go a few hundred at a time, so that whoever writes meanwhile hardly notices."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from sqlalchemy import Row

from ocpp_css.storage.database import Database
from ocpp_css.storage.unit import Unit

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
