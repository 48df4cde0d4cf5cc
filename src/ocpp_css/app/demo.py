"""`ocpp-css demo`: the whole service in a throw-away directory, with a demo account and stations that charge."""

import asyncio
import contextlib
import secrets
import signal
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from ocpp_css.app.running import Service, running
from ocpp_css.app.serving import say
from ocpp_css.app.settings import Settings
from ocpp_css.charging.stations.service import registration
from ocpp_css.charging.tokens import service as tokens
from ocpp_css.kit.ids import parse_public
from ocpp_css.people import accounts
from ocpp_css.people.access import commands
from ocpp_css.simulator.fleet import Fleet
from ocpp_css.simulator.machine import Options
from ocpp_css.storage import PROVIDER

EMAIL = "demo@example.org"
TIME_SCALE = 6.0
"""Vehicles charge so much faster than real ones, so that there is something to see."""

SAMPLE_S = "10"
"""Seconds between meter values."""

STATIONS = (
    ("DEMO-16-A", "1.6", "Car park, level 1", 11.0, 52.5163, 13.3777),
    ("DEMO-16-B", "1.6", "Car park, level 2", 22.0, 52.5186, 13.3761),
    ("DEMO-201-A", "2.0.1", "Depot, east gate", 22.0, 52.5075, 13.3904),
    ("DEMO-201-B", "2.0.1", "Motorway, northbound", 150.0, 52.5219, 13.4132),
    ("DEMO-21-A", "2.1", "Harbour", 50.0, 52.5006, 13.4439),
)
TOKENS = ("DEMO-CARD-1", "DEMO-CARD-2", "DEMO-CARD-3", "DEMO-CARD-4", "DEMO-CARD-5")


async def run_demo(*, web_port: int, station_port: int, host: str | None) -> None:
    """Run until told to stop; nothing is left behind."""
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    with tempfile.TemporaryDirectory(prefix="ocpp-css-demo-") as folder:
        settings = Settings(data=Path(folder), web_port=web_port, station_port=station_port, host=host)
        async with running(settings) as service, demonstration(service) as link:
            say(f"console   {service.web_url}/console")
            say(f"API       {service.web_url}/docs/")
            say(f"stations  {service.station_url}/{{identity}}")
            say(f"sign in   {service.web_url}{link} (works once, for half an hour)")
            say("five emulated stations are charging; Ctrl-C ends the demo and removes everything")
            say("ready")
            await stopping.wait()


@contextlib.asynccontextmanager
async def demonstration(service: Service) -> AsyncIterator[str]:
    """The demo account with its stations charging; gives the path of a one-time sign-in link."""
    db = service.wiring.db
    made = await commands.create_account(db, name="Demo", email=EMAIL, password=secrets.token_urlsafe(24))
    tenant = parse_public(made["account_id"])
    assert tenant is not None
    passwords = await _register(service, tenant)
    fleets = [
        Fleet(
            service.station_url,
            identity,
            version=version,  # type: ignore[arg-type]
            password=passwords[identity],
            options=Options(
                identity=identity, id_tokens=(TOKENS[number],), power_w=round(power_kw * 1000), kept_frames=0
            ),
            time_scale=TIME_SCALE,
        )
        for number, (identity, version, _, power_kw, _, _) in enumerate(STATIONS)
    ]
    for fleet in fleets:
        for client in fleet.clients:
            client.station.machine.settings.put("sample_s", SAMPLE_S)
        await fleet.start()
    try:
        yield await _sign_in_link(service, made["user_id"])
    finally:
        for fleet in fleets:
            await fleet.stop()


async def _register(service: Service, tenant: int) -> dict[str, str]:
    """The stations and cards; the password of each station."""
    db, directory = service.wiring.db, service.wiring.services["directory"]
    passwords = {}
    for identity, _, name, _, latitude, longitude in STATIONS:
        passwords[identity] = secrets.token_urlsafe(24)
        fields = {"identity": identity, "name": name, "latitude": latitude, "longitude": longitude}
        await registration.create(db, directory, db.unit(tenant), fields, passwords[identity])
    unit = db.unit(tenant)
    for card in TOKENS:
        await tokens.create(
            unit, id_token=card, type="ISO14443", status="Accepted", group_id=None, parent=None, expires_at=None,
            max_concurrent=None, language=None, note=None,
        )  # fmt: skip
    await unit.commit()
    return passwords


async def _sign_in_link(service: Service, user_id: str) -> str:
    unit = service.wiring.db.unit(PROVIDER)
    number = parse_public(user_id)
    assert number is not None
    path = accounts.create_sign_in_link(unit, number)
    await unit.commit()
    return path
