"""A change may insist on what was read: every verb that changes something, made from the table of routes."""

import asyncio
import html
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.isolation import Belongings, belongings, member, routes_of, signed_in, the_token_id
from tests.running import api_of, default_account, station, until, whole_service

from ocpp_css.app.running import Service
from ocpp_css.edge.etags import IF_MATCH, SEEN
from ocpp_css.kit.ids import public

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("CS-11")]
CHANGES = {"PATCH", "PUT", "DELETE"}
WITHOUT = {
    "PUT /api/v1/me/letters/{category}": "one switch, set whole: there is nothing else in it that it could overwrite",
    "DELETE /api/v1/users/{user_id}/sessions": "ends whatever is signed in, which nobody reads here, and must be quick",
}
"""Changes that take no If-Match, and why."""
BODIES: dict[str, Any] = {
    "PATCH /api/v1/account": {"region": "north"},
    "PATCH /api/v1/me": {"name": "Another"},
    "PATCH /api/v1/stations/{identity}": {"name": "Another"},
    "PATCH /api/v1/tokens/{id_token}": {"note": "Another"},
    "PATCH /api/v1/users/{user_id}": {"role": "operator"},
    "PUT /api/v1/stations/{identity}/password": {"password": "a password of twenty letters"},
}
"""What each change says; one that takes something away says nothing."""
READ_AT = {"password": ""}
"""What is no thing of its own, but a part of the thing above it in the path."""


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    async with whole_service(tmp_path / "data") as found:
        yield found


@pytest.fixture
async def api(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    async with await api_of(service) as found:
        yield found


def changes_of(service: Service) -> dict[str, tuple[str, str]]:
    """The verb and the path of every change in REST, by the words that lists here have for it."""
    found = [route for route in routes_of(service.web) if route.verb in CHANGES and route.path.startswith("/api/v1/")]
    return {f"{route.verb} {re.sub(r':[a-z]+}', '}', route.path)}": (route.verb, route.path) for route in found}


async def world(service: Service, api: httpx.AsyncClient) -> Belongings:
    """One of each thing, with a command that waits, and somebody's browser."""
    found = await belongings(service, api)
    queued = {"action": "Reset", "payload": {"type": "Soft"}, "queue": True}
    made = (await api.post(f"/stations/{found.names['identity']}/commands", json=queued)).json()
    assert made["status"] == "queued", made
    return Belongings({**found.names, "command_id": made["command_id"]}, found.marks)


def read_at(path: str) -> str:
    """Where the thing is read that a path changes."""
    above, _, last = path.rpartition("/")
    return above if last in READ_AT else path


async def test_every_change_takes_if_match_or_says_why_not(service: Service, api: httpx.AsyncClient) -> None:
    document = (await api.get(f"{service.web_url}/docs/openapi.json")).json()["paths"]
    takes = {
        f"{verb.upper()} {path}"
        for path, verbs in document.items()
        for verb, operation in verbs.items()
        if any(one["name"] == IF_MATCH for one in operation.get("parameters", ()))
    }
    changes = changes_of(service)
    assert changes.keys() - takes == WITHOUT.keys()
    assert {one for one in changes if not one.startswith("DELETE")} - WITHOUT.keys() == BODIES.keys()


async def test_no_change_goes_over_another(service: Service, api: httpx.AsyncClient) -> None:
    things = await world(service, api)
    account = (await default_account(service)).account_id
    owner = await signed_in(service, await member(service, account, "owner", "Olga"), account, "owner")
    changes = {said: one for said, one in changes_of(service).items() if said not in WITHOUT}
    owner.client.base_url = httpx.URL(service.web_url)
    async with owner.client:
        for said, (verb, template) in sorted(changes.items(), key=lambda one: (one[1][0] == "DELETE", -len(one[0]))):
            path = re.sub(r"\{(\w+)[^}]*\}", lambda place: things.names[place[1]], template)
            read = await owner.client.get(read_at(path))
            assert read.status_code == 200, (said, read.text)
            asked = {"json": BODIES[said]} if said in BODIES else {}
            stale = await owner.client.request(verb, path, headers={IF_MATCH: '"of-another-day"'}, **asked)
            assert (stale.status_code, stale.json()["code"]) == (412, "changed_meanwhile"), said
            assert (await owner.client.get(read_at(path))).headers["etag"] == read.headers["etag"], said
            told = await owner.client.request(verb, path, headers={IF_MATCH: read.headers["etag"]}, **asked)
            assert told.is_success, (said, told.text)
            again = await owner.client.get(read_at(path))
            assert again.status_code == 404 or again.headers["etag"] != read.headers["etag"], said


async def test_what_a_station_does_is_no_reason_to_refuse_a_change(service: Service, api: httpx.AsyncClient) -> None:
    await api.post("/stations", json={"identity": "CP1"})
    read = await api.get("/stations/CP1")
    async with station(service, "CP1") as wire:
        await wire.boot()
        await wire.ask("StatusNotification", {"connectorId": 1, "errorCode": "NoError", "status": "Available"})

        async def online() -> bool:
            return bool((await api.get("/stations/CP1")).json()["evses"])

        await until(online)
        now = await api.get("/stations/CP1", headers={"If-None-Match": read.headers["etag"]})
        assert now.status_code == 200, "the answer is another, and is sent"
        first = await api.patch("/stations/CP1", json={"name": "One"}, headers={IF_MATCH: read.headers["etag"]})
        assert first.status_code == 200
        second = await api.patch("/stations/CP1", json={"name": "Two"}, headers={IF_MATCH: now.headers["etag"]})
        assert (second.status_code, second.json()["code"]) == (412, "changed_meanwhile")
    assert (await api.get("/stations/CP1")).json()["name"] == "One"


FORMS = {
    "/console/stations/CP1/settings": (
        "/stations/CP1",
        {
            "name": "Typed here", "heartbeat_interval_s": "77", "max_message_bytes": "2048", "ocpp_versions": "2.0.1",
            "registration_status": "Pending",
        },
        "The other's",
    ),
    "/console/settings/account": (
        "/account", {"name": "Typed here", "region": "", "unknown_stations": "pending"}, "The other's"
    ),
    "/console/tokens/{token_id}": (
        "/tokens/CARD", {"note": "Typed here", "type": "KeyCode", "status": "Blocked"}, "The other's"
    ),
    "/console/me": (
        "/me",
        {
            "name": "Typed here", "username": "typed", "language": "en", "time_zone": "Europe/Riga", "theme": "dark",
            "country": "LV", "phone": "+371 2000 0000", "birth_date": "1990-01-02", "city": "Riga",
        },
        "The other's",
    ),
    "/console/people/{user_id}": ("/users/{user_id}", {"role": "operator"}, "viewer"),
}  # fmt: skip
"""Forms of the console: what each is about, what is typed in, and what another saves in its first field meanwhile."""


@pytest.mark.requirement("USE-8")
@pytest.mark.parametrize("page", FORMS)
async def test_who_is_overtaken_in_the_console_keeps_what_they_typed(
    service: Service, api: httpx.AsyncClient, page: str
) -> None:
    path, typed, other = FORMS[page]
    await api.post("/stations", json={"identity": "CP1"})
    await api.post("/tokens", json={"id_token": "CARD"})
    account = (await default_account(service)).account_id
    owner = await signed_in(service, await member(service, account, "owner", "Olga"), account, "owner")
    owner.client.base_url = httpx.URL(service.web_url)
    tess = public((await member(service, account, "technician", "Tess")).user_id)
    card = await the_token_id(service, account)
    url, path = (one.format(token_id=card, user_id=tess) for one in (page, path))
    name = next(iter(typed))
    async with owner.client:
        first, second = [{**typed, SEEN: tag_in((await owner.client.get(url)).text)} for _ in range(2)]
        assert (await owner.client.post(url, data={**first, name: other})).status_code == 303
        told = await owner.client.post(url, data=second)
        assert told.status_code == 412
        assert "Somebody saved a change while you were editing." in told.text
        assert typed.items() <= filled_in(told.text).items(), "all that was typed is there"
        assert (await owner.client.get(f"/api/v1{path}")).json()[name] == other
        again = {**typed, SEEN: tag_in(told.text)}
        assert (await owner.client.post(url, data=again)).status_code == 303, "saving again replaces it"
        assert (await owner.client.get(f"/api/v1{path}")).json()[name] == typed[name]


def filled_in(page: str) -> dict[str, str]:
    """What the fields of a page hold: text that is written, boxes that are ticked, choices that are made."""
    found: dict[str, str] = {}
    chooser = ""
    for tag in re.findall(r"<(?:input|select|option)[^>]*>", page):
        said = {name: html.unescape(value) for name, value in re.findall(r'([\w-]+)="([^"]*)"', tag)}
        chooser = said["name"] if tag.startswith("<select") else chooser
        if tag.startswith("<option"):
            if " selected" in tag:
                found[chooser] = said["value"]
        elif "name" in said and (said.get("type") not in {"checkbox", "radio"} or " checked" in tag):
            found[said["name"]] = said.get("value", "")
    return found


async def test_nobody_is_taken_out_over_a_change_of_their_role(service: Service, api: httpx.AsyncClient) -> None:
    account = (await default_account(service)).account_id
    owner = await signed_in(service, await member(service, account, "owner", "Olga"), account, "owner")
    owner.client.base_url = httpx.URL(service.web_url)
    url = f"/console/people/{public((await member(service, account, 'viewer', 'Vera')).user_id)}"
    async with owner.client:
        seen = tag_in((await owner.client.get(url)).text)
        assert (await owner.client.post(url, data={"role": "operator", SEEN: seen})).status_code == 303
        told = await owner.client.post(f"{url}/remove", data={SEEN: seen})
        assert told.status_code == 412
        assert (await owner.client.get(url)).status_code == 200
        assert (await owner.client.post(f"{url}/remove", data={SEEN: tag_in(told.text)})).status_code == 303
        assert (await owner.client.get(url)).status_code == 404


def tag_in(page: str) -> str:
    """What a form was made from."""
    found = re.search(rf'name="{SEEN}" value="([^"]+)"', page)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("path", ["/stations/CP1", "/tokens/CARD", "/account"])
async def test_of_many_that_read_the_same_one_alone_changes_it(
    service: Service, api: httpx.AsyncClient, path: str
) -> None:
    await api.post("/stations", json={"identity": "CP1"})
    await api.post("/tokens", json={"id_token": "CARD"})
    member_of = "note" if path.startswith("/tokens") else "name"
    seen = (await api.get(path)).headers["etag"]

    async def change(number: int) -> int:
        return (await api.patch(path, json={member_of: f"N{number}"}, headers={IF_MATCH: seen})).status_code

    told = await asyncio.gather(*(change(number) for number in range(12)))
    assert told.count(200) == 1
    assert set(told) <= {200, 409, 412}
