"""Letting go of a database server that may not answer any more."""

import asyncio
import contextlib
from collections.abc import Awaitable
from typing import Final

PATIENCE_S: Final = 5.0


async def part(farewell: Awaitable[None]) -> None:
    """Close connections in order, as long as patience lasts: a server that hangs answers no farewell."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE_S):
            await farewell
