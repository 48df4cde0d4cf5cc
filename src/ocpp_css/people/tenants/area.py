"""What accounts offer."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from ocpp_css.assembly import Area, Wiring
from ocpp_css.edge import NavEntry, lazy
from ocpp_css.people.tenants import api, pages, service
from ocpp_css.people.tenants.jobs import OutsideWatch
from ocpp_css.people.tenants.store import TENANTS


async def start(wiring: Wiring) -> Callable[[], Awaitable[None]]:
    """Make the default account if there is none, load the doors, watch for changes from outside.

    Provides `services["doors"]`.
    """
    await service.ensure_default(wiring.db, wiring.settings.default_account)
    doors = service.MemoryDoors(wiring.db, wiring.bus)
    wiring.renewals.extend([wiring.db.renew, doors.load])
    watch = OutsideWatch(wiring.db, wiring.renewals)
    await watch.begin()
    await doors.load()
    wiring.services["doors"] = doors
    task = asyncio.create_task(watch.run(), name="outside-watch")

    async def stop() -> None:
        doors.unsubscribe()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    return stop


AREA = Area(
    name="people/tenants",
    tables=[TENANTS],
    routes=[api.read_account, api.change_account, pages.settings, pages.account_page, pages.change_account],
    nav=[NavEntry(lazy("Settings"), "/console/settings", "settings", 100, "account:read")],
    templates=Path(__file__).parent / "templates",
    start=start,
    dependencies={"db": lambda wiring: wiring.db},
)
