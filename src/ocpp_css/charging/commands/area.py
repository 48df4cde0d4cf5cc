"""What commands offer."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from ocpp_css.assembly import Area, PersonalData, Wiring
from ocpp_css.charging.commands import api, jobs, pages
from ocpp_css.charging.commands.service import Commands
from ocpp_css.charging.commands.store import COMMANDS


async def start(wiring: Wiring) -> Callable[[], Awaitable[None]]:
    """Provides `services["commands"]`; settles what an earlier run left, delivers what waits when a station comes."""
    commands = Commands(wiring.db, wiring.link, wiring.pseudonyms)
    wiring.services["commands"] = commands
    wiring.renewals.append(commands.renew)
    if wiring.settings.bus is None:
        await commands.settle_lost(alone=True)
    await commands.renew()

    def told(topic: str, fact: dict[str, object]) -> None:
        number = fact["station_id"]
        if fact["kind"] in {"station.booted", "station.connected"} and isinstance(number, int):
            commands.station_came(int(topic.split(".")[1]), number)

    def queued(topic: str, message: dict[str, object]) -> None:
        number = message["station"]
        assert isinstance(number, int)
        tenant = int(topic.split(".")[1])
        commands.queued(tenant, number)
        if not message.get("is_away"):
            commands.station_came(tenant, number)

    cancels = [wiring.bus.subscribe("facts.*", told), wiring.bus.subscribe("queued.*", queued)]
    loop = asyncio.get_running_loop()
    tasks = [loop.create_task(jobs.expire_regularly(commands))] if wiring.does_timed_work else []

    async def stop() -> None:
        for cancel in cancels:
            cancel()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    return stop


AREA = Area(
    name="charging/commands",
    after=["charging/stations"],
    tables=[COMMANDS],
    routes=[*api.HANDLERS, *pages.HANDLERS],
    panels=pages.PANELS,
    templates=Path(__file__).parent / "templates",
    start=start,
    dependencies={"commands": lambda wiring: wiring.services["commands"]},
    personal_data=[
        PersonalData(
            columns=["commands.created_by", "commands.person_id"],
            purpose="Know who sent what to a station",
            basis="legitimate interest",
            keep_for="one year",
        )
    ],
)
