"""Rules that hold for every route, made from the table of routes: a new one is tried without being named here."""

import re
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute
from tests.running import api_of, whole_service

from ocpp_css.app.running import Service
from ocpp_css.edge import gate
from ocpp_css.people.access.commands import create_account

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("CS-11")]
PASSWORD = "seven purple herons quarrel"
SAFE = {"GET", "HEAD", "OPTIONS"}
KEPT_ON_THE_WAY = re.compile(r"^/(static|assets)/")
"""Files that are the same for everybody, named by their hash."""
MEANT_FOR_LETTERS = {"/unsubscribe/0000000000000", "/console/not-me/0000000000000"}
"""A mail program sends these by itself (RFC 8058); all they need is the secret in their address."""


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Service]:
    async with whole_service(tmp_path / "data") as found:
        yield found


@pytest.fixture
async def person(running: Service) -> AsyncIterator[httpx.AsyncClient]:
    """A browser with the cookie of an owner, and nothing else."""
    await create_account(running.wiring.db, "Other", "eve@example.org", PASSWORD)
    async with httpx.AsyncClient(base_url=running.web_url, follow_redirects=False) as client:
        form = {"login": "eve@example.org", "password": PASSWORD}
        answer = await client.post("/console/sign-in", data=form, headers={"Origin": running.web_url})
        assert answer.headers["location"] == "/console"
        yield client


def routes(service: Service) -> Iterator[tuple[str, str, HTTPRouteHandler]]:
    """Every method of every path, parameters filled with something that is not there."""
    for route in service.web.routes:
        if isinstance(route, HTTPRoute):
            path = re.sub(r"\{[^}]+\}", "0000000000000", route.path)
            for handler in route.route_handlers:
                for method in sorted(handler.http_methods):
                    yield method, path, handler


@pytest.mark.trust("A60")
async def test_no_route_is_changed_by_a_cookie_alone(running: Service, person: httpx.AsyncClient) -> None:
    tried, open_ones = 0, []
    for method, path, handler in routes(running):
        if method in SAFE:
            continue
        needs_nobody = handler.opt.get("needs") is None
        for headers in ({}, {"Origin": running.web_url}, {"Origin": running.web_url, "Content-Type": "text/plain"}):
            answer = await person.request(method, path, headers=headers)
            tried += 1
            if answer.status_code != 403 and not needs_nobody:
                open_ones.append((method, path, headers, answer.status_code))
        if needs_nobody:
            foreign = await person.request(method, path, headers={"Origin": "https://evil.example"})
            if foreign.status_code not in {403, 415} and path not in MEANT_FOR_LETTERS:
                open_ones.append((method, path, "another site", foreign.status_code))
    assert open_ones == []
    assert tried > 100


@pytest.mark.trust("A67")
@pytest.mark.trust("A68")
async def test_no_page_is_kept_or_framed(running: Service, person: httpx.AsyncClient) -> None:
    tried, wrong = 0, []
    for method, path, _ in routes(running):
        if method != "GET" or path.endswith("/live") or KEPT_ON_THE_WAY.match(path):
            continue
        answer = await person.get(path)
        tried += 1
        policy = answer.headers.get("content-security-policy", "")
        is_kept = "no-store" not in answer.headers.get("cache-control", "")
        if is_kept or "frame-ancestors 'none'" not in policy or answer.status_code >= 500:
            wrong.append((path, answer.status_code, answer.headers.get("cache-control")))
    assert wrong == []
    assert tried > 60


@pytest.mark.trust("I10")
async def test_each_caller_has_a_rate_and_is_told_when_to_come_back(
    running: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = time.monotonic()
    monkeypatch.setattr(gate, "time", SimpleNamespace(monotonic=lambda: moment))  # nothing comes back meanwhile
    async with await api_of(running) as one, await api_of(running) as other:
        left = int((await one.get("/account")).headers["ratelimit-remaining"])
        for _ in range(3):
            answer = await one.get("/account")
        assert int(answer.headers["ratelimit-remaining"]) == left - 3
        assert int((await other.get("/account")).headers["ratelimit-remaining"]) >= left, "each key has its own"
    async with httpx.AsyncClient(base_url=running.web_url) as stranger:
        codes = set()
        for _ in range(40):
            form = {"login": "nobody@example.org", "password": "x"}
            answer = await stranger.post("/console/sign-in", data=form, headers={"Origin": running.web_url})
            codes.add(answer.status_code)
        assert 429 in codes
        assert int(answer.headers["retry-after"]) > 0
