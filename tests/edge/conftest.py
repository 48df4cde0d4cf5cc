"""Small fakes of the ports that `edge` is given, and an application built with them."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
import pytest
from litestar import Litestar, Request, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.response import ServerSentEvent
from litestar.testing import TestClient
from prometheus_client import CollectorRegistry

from ocpp_css import edge
from ocpp_css.edge.app import Extras, build_web
from ocpp_css.edge.csrf import token_for
from ocpp_css.kit.errors import Conflict, Fault, Invalid
from ocpp_css.kit.paging import Page, page_of, page_request

ADA = edge.Principal("user", 1, "Ada", 7, frozenset({"things:*"}), "", "Europe/Berlin", "a secret", "s1")
EVE = edge.Principal("user", 2, "Eve", 8, frozenset({"things:read"}), "ru", "UTC", "another secret", "s2")
KEY = edge.Principal("key", 3, "import", 7, frozenset({"*"}), has_proof=True)


class FakeUnit:
    def __init__(self, source: "FakeUnits", tenant: int) -> None:
        self.source, self.tenant, self.now, self.written = source, tenant, datetime(2026, 1, 2, tzinfo=UTC), []

    def write(self, row: Any) -> None:
        self.written.append(row)

    async def commit(self) -> None:
        if self.source.fault:
            raise self.source.fault
        self.source.committed.extend((self.tenant, row) for row in self.written)


@dataclass
class FakeUnits:
    committed: list[Any] = field(default_factory=list)
    fault: Exception | None = None

    def unit(self, tenant: int) -> FakeUnit:
        return FakeUnit(self, tenant)


class FakeAuthenticator:
    async def by_session(self, cookie: str, *, is_use: bool = True) -> edge.Principal | None:
        return {"ada": ADA, "eve": EVE}.get(cookie)

    async def by_bearer(self, token: str, *, is_use: bool = True) -> edge.Principal | None:
        return KEY if token == "css_good" else None


class Thing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=20)]
    weight_g: Annotated[int, msgspec.Meta(ge=0)] | None = None


class ThingTaken(Conflict):
    code = "thing_taken"
    title = "The name is taken"
    explanation = "There is a thing named {name}."


@get("/api/v1/things", opt=edge.needs("things:read"))
async def list_things(
    limit: FromQuery[int | None] = None, cursor: FromQuery[str | None] = None, sort: FromQuery[str | None] = None
) -> Page[Thing]:
    """All things."""
    asked = page_request(limit, cursor, sort, sorts=("name",), ids=str)
    after = str(asked.after.value) if asked.after else ""
    rows = [Thing(name=f"t{n:03}") for n in range(600) if f"t{n:03}" > after]
    return page_of(rows[: asked.limit + 1], asked, lambda row: (row.name, row.name))


@post("/api/v1/things", opt=edge.needs("things:write"))
async def add_thing(unit: NamedDependency[FakeUnit], data: JSONBody[Thing]) -> Thing:
    """Add a thing."""
    unit.write(data.name)
    if data.name == "taken":
        raise ThingTaken(name=data.name)
    if data.name == "crash":
        msg = "the password is hunter2"
        raise RuntimeError(msg)
    return data


@get("/api/v1/things/{number:int}", opt=edge.needs("things:read"))
async def one_thing(number: FromPath[int], principal: NamedDependency[edge.Principal]) -> dict[str, Any]:
    """One thing."""
    return {"number": number, "tenant": principal.tenant}


@delete("/api/v1/things/{number:int}", opt=edge.needs("things:delete"), status_code=204)
async def remove_thing(number: FromPath[int]) -> None:
    """Remove a thing."""
    raise Invalid("It is in use.", errors=[Fault("number", "in use")])


@post("/api/v1/things/import", opt=edge.needs("things:write", accepts=("text/csv",)))
async def import_things(request: Request[Any, Any, Any]) -> dict[str, int]:
    """Import things."""
    return {"lines": len((await request.body()).splitlines())}


@post("/api/v1/scarce", opt=edge.public(rate=edge.Rate(burst=2, per_s=3600)))
async def scarce() -> dict[str, str]:
    """Twice an hour."""
    return {"status": "ok"}


@get("/console/things", opt=edge.needs("things:read"))
async def things_page(
    request: Request[Any, Any, Any], unit: NamedDependency[FakeUnit], panels: NamedDependency[edge.Panels]
) -> edge.Page:
    shown = await panels.compose("things", edge.PanelContext(request, unit, "subject"))
    return edge.page("things/list.html", title="Things", shown=shown, word="<b>")


@post("/console/things", opt=edge.needs("things:write"))
async def add_by_form(request: Request[Any, Any, Any], unit: NamedDependency[FakeUnit]) -> Any:
    form = await edge.posted(request)
    unit.write(form["name"])
    return edge.redirect(request, form.get("next", "/console/things"))


@get("/console/broken", opt=edge.needs("things:read"))
async def broken_page(unit: NamedDependency[FakeUnit]) -> edge.Page:
    unit.write("never")
    return edge.page("things/broken.html", title="Broken")


async def _counting(after: int) -> AsyncIterator[edge.LiveEvent]:
    for number in range(after + 1, after + 4):
        yield edge.LiveEvent("thing", {"number": number}, str(number))


@get("/api/v1/things/live", opt=edge.needs("things:read"))
async def live_things(request: Request[Any, Any, Any]) -> ServerSentEvent:
    """Things as they come."""
    return edge.live(request, _counting(int(edge.last_event_id(request) or 0)))


HANDLERS = [
    list_things, add_thing, one_thing, remove_thing, import_things, scarce, things_page, add_by_form, broken_page,
    live_things,
]  # fmt: skip
NAV = [
    edge.NavEntry(edge.lazy("Messages"), "/console/things", "inbox", 2, "things:read"),
    edge.NavEntry("Hidden", "/console/hidden", "eye-off", 1, "secrets:read"),
]


@pytest.fixture
def units() -> FakeUnits:
    return FakeUnits()


@pytest.fixture
def templates(tmp_path: Path) -> Path:
    (tmp_path / "list.html").write_text(
        '{% extends "edge/shell.html" %}{% block main %}{{ ui.page_head(title) }}{{ word }}'
        '<form method="post">{{ csrf_field() }}</form>{{ ui.panels(shown) }}{% endblock %}'
    )
    (tmp_path / "broken.html").write_text("{{ nothing_of_this_name }}")
    (tmp_path / "panel.html").write_text("<p>{{ _('Search') }} {{ subject }}</p>")
    return tmp_path


@pytest.fixture
def build(units: FakeUnits, templates: Path) -> Any:
    def made(**changes: Any) -> Litestar:
        async def good(context: edge.PanelContext) -> edge.Fragment:
            return edge.Fragment("things/panel.html", {"subject": context.subject})

        async def bad(_: edge.PanelContext) -> edge.Fragment:
            msg = "inside"
            raise RuntimeError(msg)

        settings = {"public_url": "http://testserver.local", **changes.pop("settings", {})}
        extras = changes.pop("extras", None) or Extras(registry=CollectorRegistry())
        given = {
            "handlers": HANDLERS,
            "nav": NAV,
            "panels": [
                edge.Panel("things", 2, good, "Good"),
                edge.Panel("things", 1, bad, "Bad"),
                edge.Panel("things", 3, good, "Secret", "secrets:read"),
            ],
            "template_dirs": [("things", templates)],
            **changes,
        }
        return build_web(
            authenticator=FakeAuthenticator(),
            units=units,
            settings=edge.WebSettings(**settings),
            extras=extras,
            **given,
        )

    return made


@pytest.fixture
def client(build: Any) -> Iterator[TestClient[Litestar]]:
    with TestClient(build()) as found:
        yield found


@pytest.fixture
def as_key() -> dict[str, str]:
    return {"Authorization": "Bearer css_good"}


@pytest.fixture
def as_ada() -> dict[str, str]:
    return {"Cookie": "css_session=ada"}


@pytest.fixture
def as_eve() -> dict[str, str]:
    return {"Cookie": "css_session=eve"}


@pytest.fixture
def token() -> str:
    return token_for(ADA)
