"""An account is a wall for every route there is: the description of the interface says which those are."""

import re
from dataclasses import replace
from typing import Any

import httpx
import pytest
from tests.running import api_of, default_account, now, station

from ocpp_css.app.running import Service
from ocpp_css.kit.ids import public
from ocpp_css.people import accounts
from ocpp_css.people.access import join
from ocpp_css.people.access.commands import create_account
from ocpp_css.people.audit import COMMAND_LINE
from ocpp_css.storage import PROVIDER

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("CS-10")]

RESET = {"action": "Reset", "payload": {"type": "Soft"}, "timeout_s": 1}
VARIABLE = {"component": {"name": "c"}, "variable": {"name": "v"}}
BODIES: dict[str, Any] = {
    "commands": RESET,
    "close": {"reason": "because"},
    "settle": {"reason": "because"},
    "start": {"id_token": "TOKEN-A"},
    "password": {"password": "0123456789abcdef0123"},
    "get": {"getVariableData": [VARIABLE]},
    "set": {"setVariableData": [{**VARIABLE, "attributeValue": "1"}]},
    "{user_id}": {"role": "viewer"},
}
OF_ONESELF = "/me/"
"""What follows it is of the person who asks, not of an account."""
NONE = {
    "identity": "NOWHERE", "id_token": "NOBODY", "transaction_id": "03f75mqqm0abc", "command_id": "03f75mqqm0abd",
    "review_id": "03f75mqqm0abe", "key_id": "03f75mqqm0abf", "user_id": "03f75mqqm0abg",
    "invitation_id": "03f75mqqm0abh", "action": "Reset",
}  # fmt: skip


INVITED = {"email": "ida@example.org", "role": "viewer"}


async def member(service: Service) -> str:
    """Somebody who belongs to the default account."""
    unit, account = service.wiring.db.unit(PROVIDER), (await default_account(service)).account_id
    passwords = service.wiring.services["passwords"]
    user = await accounts.create(
        unit, passwords, email="uma@example.org", name="Uma", password="nine loud stations hum"
    )
    join(unit, replace(COMMAND_LINE, tenant=account), user.user_id, account, "viewer")
    await unit.commit()
    return public(user.user_id)


async def belongings(service: Service, api: httpx.AsyncClient) -> dict[str, str]:
    """One of each thing that an account may have, by the names that the routes have for them."""
    await api.post("/stations", json={"identity": "STATION-A"})
    await api.post("/tokens", json={"id_token": "TOKEN-A"})
    async with station(service, "STATION-A") as wire:
        await wire.boot()
        start = {"connectorId": 1, "idTag": "TOKEN-A", "meterStart": 5000, "timestamp": now()}
        number = (await wire.ask("StartTransaction", start))["transactionId"]
        await wire.ask("StopTransaction", {"transactionId": number, "meterStop": 1, "timestamp": now()})
    command = (await api.post("/stations/STATION-A/commands", json=RESET)).json()["command_id"]
    ids = {path: (await api.get(path)).json()["items"][0] for path in ("/transactions", "/review", "/api-keys")}
    return {
        "identity": "STATION-A", "id_token": "TOKEN-A", "transaction_id": ids["/transactions"]["id"],
        "command_id": command, "review_id": ids["/review"]["id"],
        "key_id": ids["/api-keys"]["id"], "user_id": await member(service), "action": "Reset",
        "invitation_id": (await api.post("/users", json=INVITED)).json()["id"],
    }  # fmt: skip


def filled(path: str, names: dict[str, str]) -> str:
    """The route's path with a name in each place; KeyError for a place that this test does not know yet."""
    return re.sub(r"\{(\w+)[^}]*\}", lambda place: names[place[1]], path)


def told(answer: httpx.Response, names: dict[str, str]) -> str:
    """What was answered, without the name that was asked for."""
    text = answer.text
    for name in names.values():
        text = text.replace(name, "…")
    return text


@pytest.mark.trust("A48")
async def test_what_belongs_to_another_is_told_like_what_does_not_exist(service: Service) -> None:
    await create_account(service.wiring.db, "Other", "eve@example.org", "seven purple herons quarrel")
    async with await api_of(service) as ours, await api_of(service, "Other") as theirs:
        names = await belongings(service, ours)
        described = (await ours.get(f"{service.web_url}/docs/openapi.json")).json()["paths"]
        for path, verbs in described.items():
            if OF_ONESELF in path:
                continue
            for verb in (name for name in verbs if "{" in path and name != "parameters"):
                body = {"json": BODIES.get(path.rsplit("/", 1)[1], {})} if verb in {"post", "put", "patch"} else {}
                foreign, absent = [
                    await theirs.request(verb, service.web_url + filled(path, given), **body) for given in (names, NONE)
                ]
                assert foreign.status_code == absent.status_code == 404, (verb, path, foreign.text, absent.text)
                assert told(foreign, names) == told(absent, NONE), (verb, path)


@pytest.mark.trust("A48")
async def test_no_list_no_search_and_no_cursor_shows_what_belongs_to_another(service: Service) -> None:
    await create_account(service.wiring.db, "Other", "eve@example.org", "seven purple herons quarrel")
    async with await api_of(service) as ours, await api_of(service, "Other") as theirs:
        names = await belongings(service, ours)
        await ours.post("/stations", json={"identity": "STATION-B"})
        cursor = (await ours.get("/stations", params={"limit": 1})).json()["next_cursor"]
        described = (await ours.get(f"{service.web_url}/docs/openapi.json")).json()["paths"]
        lists = [path for path, verbs in described.items() if "get" in verbs and "{" not in path and "live" not in path]
        for path in lists:
            for asked in ({}, {"search": "-A"}, {"id_token": "TOKEN-A"}, {"format": "csv"}, {"cursor": cursor}):
                text = (await theirs.get(service.web_url + path, params=asked)).text
                assert not [name for name in names.values() if name != "Reset" and name in text], (path, asked)


@pytest.mark.trust("A11")
async def test_one_identity_in_two_accounts_is_two_stations(service: Service) -> None:
    made = await create_account(service.wiring.db, "Other", "eve@example.org", "seven purple herons quarrel")
    code = (await default_account(service)).connection_code
    async with await api_of(service) as ours, await api_of(service, "Other") as theirs:
        for api in (ours, theirs):
            assert (await api.post("/stations", json={"identity": "CP1"})).status_code == 201
        async with (
            station(service, "CP1", path=f"{code}/CP1") as here,
            station(service, "CP1", "2.0.1", path=f"{made['connection_code']}/CP1") as there,
        ):
            await here.boot()
            await there.boot()
            assert (await ours.get("/stations/CP1")).json()["ocpp_version"] == "1.6"
            assert (await theirs.get("/stations/CP1")).json()["ocpp_version"] == "2.0.1"
            await ours.delete("/stations/CP1")
            assert "currentTime" in await there.ask("Heartbeat", {})
            assert (await theirs.get("/stations/CP1")).json()["online"]
