"""The four areas on a real SQLite database, behind the real web application."""

import html
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient
from litestar import Litestar, Router
from litestar.di import Provide
from prometheus_client import CollectorRegistry
from sqlalchemy import create_engine
from tests.secret_key import vault_of

from ocpp_css import edge
from ocpp_css.app.settings import Settings
from ocpp_css.assembly import Wiring
from ocpp_css.bus import InProcessBus
from ocpp_css.edge.app import Extras, build_web
from ocpp_css.kit.secrets import Secrets
from ocpp_css.people import accounts, tenants
from ocpp_css.people.access.area import AREA as ACCESS
from ocpp_css.people.accounts.area import AREA as ACCOUNTS
from ocpp_css.people.audit.area import AREA as AUDIT
from ocpp_css.people.consent.area import AREA as CONSENT
from ocpp_css.people.notices.area import AREA as NOTICES
from ocpp_css.people.tenants.area import AREA as TENANTS
from ocpp_css.storage import METADATA, PROVIDER, Database
from ocpp_css.storage.pseudonyms import Pseudonyms
from ocpp_css.storage.tables import FACTS

AREAS = [AUDIT, NOTICES, CONSENT, TENANTS, ACCOUNTS, ACCESS]
PASSWORD = "seven purple herons quarrel"
ORIGIN = "http://testserver.local"
assert FACTS.name in METADATA.tables


@dataclass
class FakeClock:
    now: datetime = field(default_factory=lambda: datetime(2026, 3, 1, 12, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.now

    def go(self, **span: float) -> None:
        self.now += timedelta(**span)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def url(tmp_path: Path) -> str:
    address = f"sqlite:///{tmp_path / 'css.db'}"
    engine = create_engine(address)
    METADATA.create_all(engine)
    engine.dispose()
    return address


@pytest.fixture
async def db(url: str, clock: FakeClock, anyio_backend: str) -> AsyncIterator[Database]:
    found = Database(url, InProcessBus(), clock, vault_of(url), 1)
    yield found
    await found.close()


@pytest.fixture
async def wiring(db: Database) -> AsyncIterator[Wiring]:
    made = Wiring(db, db.bus, None, Secrets(bytes(32)), Pseudonyms(bytes(32)), Settings(), does_timed_work=False)
    stops = [await area.start(made) for area in AREAS if area.start]
    yield made
    for stop in reversed([one for one in stops if one]):
        await stop()


def always(value: Any) -> Any:
    return lambda: value


def build(wiring: Wiring, public_url: str = ORIGIN) -> Litestar:
    dependencies = {
        name: Provide(always(make(wiring)), sync_to_thread=False)
        for area in AREAS
        for name, make in area.dependencies.items()
    }
    routes = [route for area in AREAS for route in area.routes]
    return build_web(
        handlers=[Router("/", route_handlers=routes, dependencies=dependencies)],
        authenticator=wiring.services["authenticator"],
        units=wiring.db,
        settings=edge.WebSettings(public_url=public_url),
        nav=[entry for area in AREAS for entry in area.nav],
        template_dirs=[(area.name.split("/")[1], area.templates) for area in AREAS],
        extras=Extras(registry=CollectorRegistry(), keep_language=wiring.services["keep_language"]),
    )


class Browser:
    """A browser that follows no redirect and sends the CSRF token of the last page."""

    def __init__(self, client: AsyncClient) -> None:
        self.client = client
        self.csrf = ""

    async def get(self, path: str, **options: Any) -> Any:
        answer = await self.client.get(path, follow_redirects=False, **options)
        if found := re.search(r'name="_csrf" value="([^"]*)"', answer.text):
            self.csrf = html.unescape(found[1])
        return answer

    async def post(self, path: str, data: dict[str, Any] | None = None, **options: Any) -> Any:
        headers = {"Origin": ORIGIN, **options.pop("headers", {})}
        body = {"_csrf": self.csrf, **(data or {})}
        return await self.client.post(path, data=body, headers=headers, follow_redirects=False, **options)

    async def sign_in(self, login: str = "ann@example.org", password: str = PASSWORD) -> Any:
        await self.get("/console/sign-in")
        answer = await self.post("/console/sign-in", {"login": login, "password": password})
        if answer.status_code == 303:
            await self.get("/console/me")
        return answer

    @property
    def cookie(self) -> str:
        return self.client.cookies.get("css_session", "")


@pytest.fixture
def build_app() -> Any:
    return build


@pytest.fixture
async def app(wiring: Wiring) -> AsyncIterator[Litestar]:
    made = build(wiring)
    async with made.lifespan():
        yield made


@pytest.fixture
async def browser(app: Litestar) -> AsyncIterator[Browser]:
    """In the loop of the database, which Litestar's own test client is not."""
    async with AsyncClient(transport=ASGITransport(app), base_url=ORIGIN) as client:
        yield Browser(client)


@pytest.fixture
async def other(app: Litestar) -> AsyncIterator[Browser]:
    async with AsyncClient(transport=ASGITransport(app), base_url=ORIGIN) as client:
        yield Browser(client)


@pytest.fixture
async def ann(wiring: Wiring, browser: Browser) -> Browser:
    """The owner of the default account, signed in."""
    path = await accounts.open_first_start(wiring.db)
    answer = await browser.post(path, {"name": "Ann", "email": "ann@example.org", "password": PASSWORD})
    assert answer.status_code == 303, answer.text
    await browser.get("/console/me")
    return browser


@pytest.fixture
async def account(db: Database, wiring: Wiring) -> tenants.Account:
    """The default account."""
    return await tenants.default(db.unit(PROVIDER))
