"""What stations offer."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from litestar.di import Provide

from ocpp_css.assembly import Area, PersonalData, Wiring
from ocpp_css.charging.stations import api, pages, store
from ocpp_css.charging.stations.actions import routes
from ocpp_css.charging.stations.api.stations import address_of
from ocpp_css.charging.stations.service.directory import MemoryDirectory
from ocpp_css.edge import NavEntry, lazy


async def start(wiring: Wiring) -> Callable[[], Awaitable[None]]:
    """Provides `services["directory"]`: every registered station, in memory."""
    key = wiring.secrets.key("station passwords")
    directory = MemoryDirectory(wiring.db, wiring.bus, wiring.services["doors"], key)
    await directory.load()
    wiring.renewals.append(directory.load)
    wiring.services["directory"] = directory

    async def stop() -> None:
        directory.unsubscribe()

    return stop


AREA = Area(
    name="charging/stations",
    tables=[
        store.STATIONS,
        store.BARE_IDENTITIES,
        store.CONNECTORS,
        store.VARIABLES,
        store.SECURITY_EVENTS,
        store.DEVICE_EVENTS,
    ],
    routes=[*api.HANDLERS, *pages.HANDLERS],
    nav=[NavEntry(lazy("Stations"), "/console/stations", "charging-pile", 20, "stations:read")],
    panels=pages.PANELS,
    templates=Path(__file__).parent / "templates",
    actions=routes,
    states=[store.CONNECTORS_OF],
    permissions={
        "stations:read": "See stations and what they report",
        "stations:write": "Register, change and remove stations",
    },
    start=start,
    dependencies={
        "directory": lambda wiring: wiring.services["directory"],
        "link": lambda wiring: wiring.link,
        "bus": lambda wiring: wiring.bus,
        "station_address": lambda _wiring: Provide(address_of),
    },
    personal_data=[
        PersonalData(
            columns=[
                "stations.address",
                "stations.iccid",
                "stations.imsi",
                "station_links.address",
                "station_refusals.address",
            ],
            purpose="Find and reach a station",
            basis="contract",
            keep_for="as long as the station is registered",
        )
    ],
)
