"""Timed work on commands."""

import asyncio

import structlog

from ocpp_css.charging.commands.service import Commands

_log = structlog.get_logger(__name__)
EVERY_S = 15.0


async def expire_regularly(commands: Commands) -> None:
    """End waiting commands whose time is over, and those whose process is no more."""
    while True:
        await asyncio.sleep(EVERY_S)
        try:
            await commands.expire_overdue()
            await commands.settle_lost(alone=False)
        except Exception as fault:  # noqa: BLE001 - the next turn tries again
            _log.warning("commands could not be expired", exc_info=fault)
