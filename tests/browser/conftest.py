"""The whole service with emulated stations, and a browser that reports whatever it complains of."""

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect
from tests.running import api_of, now, station, whole_service

from ocpp_css.app.running import Service
from ocpp_css.people import accounts
from ocpp_css.simulator.client import LiveStation
from ocpp_css.simulator.machine import Options

CHROMIUM = os.environ.get("OCPP_CSS_CHROMIUM", "/usr/bin/chromium")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--hide-scrollbars",
]  # fmt: skip
SHOTS = os.environ.get("OCPP_CSS_SCREENSHOTS", "")
"""Set to keep pictures of every page: in this folder, or in docs/screenshots where it is `docs`."""
FOLDER = Path(__file__).parents[2] / "docs" / "screenshots" if SHOTS in {"1", "docs"} else Path(SHOTS or ".")
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "phone": {"color_scheme": "light", "viewport": {"width": 390, "height": 844}, "has_touch": True},
}
EMAIL, SECRET = "ada@example.org", "nine quiet stations hum at dawn"
EXPECTED = ("409", "422")
"""Refusals that a test provokes; the browser tells them as failed requests."""

FULL_REPORT = {"requestId": 1, "reportBase": "FullInventory"}
expect.set_options(timeout=15_000)


@dataclass
class Console:
    """A running service, its API, and browser contexts of its first administrator."""

    service: Service
    api: httpx.AsyncClient
    browser: Browser
    state: Any = None
    complaints: list[str] = field(default_factory=list)
    contexts: list[BrowserContext] = field(default_factory=list)

    async def page(self, path: str = "/console", **look: Any) -> Page:
        """A page in a context of its own, signed in once somebody is."""
        given = {"viewport": {"width": 1280, "height": 900}, "locale": "en-GB", "storage_state": self.state, **look}
        context = await self.browser.new_context(**given)
        await context.grant_permissions(["clipboard-read", "clipboard-write"])
        self.contexts.append(context)
        page = await context.new_page()
        self.listen(page)
        await page.goto(self.service.web_url + path)
        return page

    def listen(self, page: Page) -> None:
        """Keep what the browser complains of: faults, blocked parts, requests to other hosts."""
        own = (self.service.web_url, "data:", "blob:")
        page.on("console", lambda told: told.type in {"error", "warning"} and self.complaints.append(told.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda asked: asked.url.startswith(own) or self.complaints.append(asked.url))

    async def sign_in(self) -> None:
        """Become the first administrator by the link that the first start prints."""
        path = await accounts.open_first_start(self.service.wiring.db)
        assert path is not None
        page = await self.page(path)
        await page.get_by_label("Your name").fill("Ada Lovelace")
        await page.get_by_label("E-mail address").fill(EMAIL)
        await page.get_by_label("Password").fill(SECRET)
        await page.get_by_role("button", name="Begin").click()
        await page.wait_for_url("**/console")
        self.state = await page.context.storage_state()

    async def close(self) -> None:
        """Close what is open, and fail where the browser complained."""
        for context in self.contexts:
            await context.close()
        self.contexts.clear()
        told = [text for text in self.complaints if not any(number in text for number in EXPECTED)]
        self.complaints.clear()
        assert told == []


@pytest.fixture(scope="package")
async def browser(anyio_backend: Any) -> AsyncIterator[Browser]:
    if not Path(CHROMIUM).exists():
        pytest.fail(f"Chromium is not at {CHROMIUM}: run `make browser`, or set OCPP_CSS_CHROMIUM")
    async with async_playwright() as playwright:
        found = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield found
        await found.close()


@pytest.fixture
async def fresh(tmp_path: Path, browser: Browser) -> AsyncIterator[Console]:
    """A service that nobody has used yet."""
    async with whole_service(tmp_path / "data") as service, await api_of(service) as api:
        console = Console(service, api, browser)
        yield console
        await console.close()


@dataclass
class Depot:
    """Four stations of three versions, three of them with a vehicle."""

    console: Console
    stations: dict[str, LiveStation]
    transactions: dict[str, str]


KINDS = (
    ("CS-001", "1.6", 2, 11_000),
    ("CS-002", "2.0.1", 2, 22_000),
    ("CS-003", "2.1", 1, 150_000),
    ("CS-004", "1.6", 1, 7_400),
)


async def connected(service: Service, identity: str, version: Any = "1.6", **more: Any) -> LiveStation:
    """An emulated station, online."""
    options = {
        "time_scale": 60.0,
        "id_tokens": ("04A1B2C3",),
        "seed": identity,
        "model": "Wallbox",
        "vendor": "Example",
    }
    made = LiveStation(service.station_url, Options(identity=identity, version=version, **{**options, **more}))
    await made.connect()
    return made


@pytest.fixture(scope="package")
async def depot(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> AsyncIterator[Depot]:
    """A service in use, for tests that only look or change what is their own."""
    async with AsyncExitStack() as stack:
        service = await stack.enter_async_context(whole_service(tmp_path_factory.mktemp("depot")))
        api = await stack.enter_async_context(await api_of(service))
        console = Console(service, api, browser)
        await console.sign_in()
        for identity, *_ in (*KINDS, ("CS-005",)):
            await api.post("/stations", json={"identity": identity, "name": f"Car park {identity[-1]}"})
        ada = (await api.get("/users")).json()["items"][0]["id"]
        van = {"id_token": "04A1B2C3", "note": "Van 12", "group_id": "fleet", "person_id": ada}
        for token in (van, {"id_token": "04D4E5F6"}):
            await api.post("/tokens", json=token)
        await api.post("/tokens", json={"id_token": "LOST-CARD", "status": "Blocked", "note": "lost in May"})
        stations = {}
        for identity, version, evses, power_w in KINDS:
            stations[identity] = await connected(service, identity, version, evses=evses, power_w=power_w)
            stack.push_async_callback(stations[identity].close)
        await charge(stations)
        await api.post("/stations/CS-002/commands", json={"action": "GetBaseReport", "payload": FULL_REPORT})
        await trouble(service, api)
        found = (await api.get("/transactions")).json()["items"]
        yield Depot(console, stations, {one["station"]: one["id"] for one in found})


async def charge(stations: dict[str, LiveStation]) -> None:
    """Three vehicles charge, one of them to the end; one station breaks down."""
    for identity in ("CS-001", "CS-002", "CS-003"):
        await stations[identity].plug_in(1)
        await stations[identity].start(1, "04A1B2C3")
    for _ in range(6):
        for identity in ("CS-001", "CS-002", "CS-003"):
            await stations[identity].send_meter_values(1)
    await stations["CS-002"].stop(1, "04A1B2C3")
    await stations["CS-004"].break_down(1, "GroundFailure")


async def trouble(service: Service, api: httpx.AsyncClient) -> None:
    """A station whose meter runs backwards, and that reports a security event."""
    await api.post("/stations", json={"identity": "HARBOUR-1", "name": "Harbour, pier 2"})
    async with station(service, "HARBOUR-1") as wire:
        await wire.boot()
        start = {"connectorId": 1, "idTag": "04D4E5F6", "meterStart": 5000, "timestamp": now()}
        number = (await wire.ask("StartTransaction", start))["transactionId"]
        await wire.ask("StopTransaction", {"transactionId": number, "meterStop": 1000, "timestamp": now()})
        await wire.ask("SecurityEventNotification", {"type": "TamperDetectionActivated", "timestamp": now()})


@pytest.fixture
async def console(depot: Depot) -> AsyncIterator[Console]:
    """The depot's console; fails at the end where the browser complained."""
    yield depot.console
    await depot.console.close()
