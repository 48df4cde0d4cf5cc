"""The web port against pages of other sites, guessed members, races and frames."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator

import httpx
import pytest
from tests.running import api_of, now, station

from ocpp_css.app.running import Service
from ocpp_css.people.access.commands import create_account

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("CS-11")]
PASSWORD = "seven purple herons quarrel"
SIGN_IN = {"login": "eve@example.org", "password": PASSWORD}


@pytest.fixture
async def api(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    async with await api_of(service) as client:
        yield client


@pytest.fixture
async def person(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    """A browser with the cookie of an owner."""
    await create_account(service.wiring.db, "Other", "eve@example.org", PASSWORD)
    async with httpx.AsyncClient(base_url=service.web_url) as client:
        answer = await client.post("/console/sign-in", data=SIGN_IN, headers={"Origin": service.web_url})
        assert answer.headers["location"] == "/console"
        yield client


@pytest.mark.trust("A60")
@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}]
)
async def test_nobody_is_signed_in_by_another_site(service: Service, person: httpx.AsyncClient, headers) -> None:
    async with httpx.AsyncClient(base_url=service.web_url) as stranger:
        answer = await stranger.post("/console/sign-in", data=SIGN_IN, headers=headers)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


@pytest.mark.trust("A60")
async def test_a_cookie_alone_changes_nothing(person: httpx.AsyncClient) -> None:
    station_given = b'{"identity":"CP1"}'
    for headers in (
        {"Content-Type": "application/json"},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "application/json", "Origin": "https://evil.example", "Authorization": "Basic eA=="},
        {"Content-Type": "application/json", "X-CSRF-Token": "A" * 43},
    ):
        answer = await person.post("/api/v1/stations", content=station_given, headers=headers)
        assert answer.status_code == 403, headers
    answer = await person.get("/api/v1/account", headers={"X-HTTP-Method-Override": "DELETE"})
    assert answer.status_code == 200
    assert (await person.get("/api/v1/stations")).json()["items"] == []


@pytest.mark.trust("A61")
async def test_a_cookie_that_somebody_planted_is_not_the_one_after_sign_in(service: Service, person) -> None:
    planted = "A" * 43
    headers = {"Origin": service.web_url, "Cookie": f"css_session={planted}"}
    async with httpx.AsyncClient(base_url=service.web_url) as browser:
        await browser.post("/console/sign-in", data=SIGN_IN, headers=headers)
        assert browser.cookies["css_session"] not in {planted, person.cookies["css_session"]}
    async with httpx.AsyncClient(base_url=service.web_url, cookies={"css_session": planted}) as thief:
        assert (await thief.get("/api/v1/me")).status_code == 401


@pytest.mark.trust("A63")
async def test_sign_in_does_not_tell_who_is_known(service: Service, person: httpx.AsyncClient) -> None:
    async with httpx.AsyncClient(base_url=service.web_url) as stranger:
        known, unknown = [
            await stranger.post("/console/sign-in", data={"login": f"{who}@example.org", "password": "wrong"})
            for who in ("eve", "eva")
        ]
    assert known.status_code == unknown.status_code == 422
    assert known.text.replace("eve@", "eva@") == unknown.text


@pytest.mark.trust("A50")
async def test_a_member_that_is_not_offered_is_refused(api: httpx.AsyncClient) -> None:
    await api.post("/stations", json={"identity": "CP1"})
    for verb, path, body in (
        ("POST", "/stations", {"identity": "CP2", "tenant_id": 1}),
        ("PATCH", "/stations/CP1", {"name": "x", "station_id": 5}),
        ("POST", "/tokens", {"id_token": "T", "tenant_id": 5}),
        ("POST", "/api-keys", {"name": "x", "scopes": ["*"], "account_id": "x"}),
        ("PATCH", "/account", {"connection_code": "a-aaaaaaaaaaaa"}),
        ("PATCH", "/me", {"name": "x", "permissions": ["*"]}),
    ):
        assert (await api.request(verb, path, json=body)).status_code in {403, 422}, path


@pytest.mark.trust("A64")
async def test_of_many_that_race_one_makes_it(api: httpx.AsyncClient) -> None:
    made = await asyncio.gather(*[api.post("/stations", json={"identity": "CP1"}) for _ in range(30)])
    assert sorted(answer.status_code for answer in made)[:2] == [201, 409]
    key = {"Idempotency-Key": "once"}
    kept = await asyncio.gather(*[api.post("/tokens", json={"id_token": "T"}, headers=key) for _ in range(30)])
    assert {answer.status_code for answer in kept} <= {201, 409}
    assert len({answer.text for answer in kept if answer.status_code == 201}) == 1
    assert len((await api.get("/tokens")).json()["items"]) == 1


@pytest.mark.trust("A67")
@pytest.mark.trust("A68")
async def test_no_page_is_kept_on_the_way_and_none_is_framed(person: httpx.AsyncClient) -> None:
    for path in ("/console", "/console/stations", "/console/sign-in", "/api/v1/stations", "/api/v1/me", "/nowhere"):
        headers = (await person.get(path)).headers
        assert headers["cache-control"] == "no-store", path
        assert "frame-ancestors 'none'" in headers["content-security-policy"], path
        assert "unsafe" not in headers["content-security-policy"], path
        assert headers["x-frame-options"] == "DENY", path


@pytest.mark.trust("A56")
async def test_no_export_holds_a_formula(service: Service, person: httpx.AsyncClient) -> None:
    async with await api_of(service, "Other") as api:
        identity = "=1+1"
        await api.post("/stations", json={"identity": identity, "name": "@SUM(1)"})
        await api.post("/tokens", json={"id_token": "=cmd", "note": "+1"})
        place = (await api.get("/stations/=1+1")).json()["connection_url"].rsplit("/ocpp/", 1)[1]
        async with station(service, identity, path=place) as wire:
            await wire.ask("BootNotification", {"chargePointVendor": "=1+2", "chargePointModel": "\t=1"})
            start = {"connectorId": 1, "idTag": "=cmd", "meterStart": 1, "timestamp": now()}
            await wire.ask("StartTransaction", start)
        files = [(await api.get("/transactions?format=csv")).text]
        for name in ("stations", "tokens"):
            answer = await person.get(f"/console/{name}/~export.csv")
            assert answer.status_code == 200, name
            files.append(answer.text)
    cells = [cell for text in files for row in csv.reader(io.StringIO(text)) for cell in row]
    assert "'=1+1" in cells
    assert [cell for cell in cells if cell.startswith(("=", "+", "@", "\t", "\r"))] == []
