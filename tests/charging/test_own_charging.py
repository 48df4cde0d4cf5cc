"""People see what they charge with their own tokens, and nothing of anybody else (TRUST A49)."""

import asyncio
import csv
import io
import json
import sys
from asyncio.subprocess import PIPE, STDOUT
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.gateway.conftest import Register
from tests.isolation import member, signed_in
from tests.running import PATIENCE_S, Wire, default_account, now, station, until

from ocpp_css.app.running import Service
from ocpp_css.kit.ids import public
from ocpp_css.people.access import Role

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("SEC-1")]


class Person:
    """A member of the default account with a browser."""

    def __init__(self, number: int, email: str, browser: httpx.AsyncClient, url: str) -> None:
        self.id = public(number)
        self.email = email
        self.browser = browser
        self.url = url

    async def get(self, path: str, **given: Any) -> httpx.Response:
        return await self.browser.get(self.url + path, **given)

    async def listed(self, path: str) -> list[dict[str, Any]]:
        answer = await self.get(f"/api/v1/me/{path}")
        assert answer.status_code == 200, answer.text
        return list(answer.json()["items"])

    async def ids(self) -> list[str]:
        return [one["id"] for one in await self.listed("transactions")]


class People:
    """Makes members, and closes their browsers at the end."""

    def __init__(self, service: Service, stack: AsyncExitStack) -> None:
        self._service = service
        self._stack = stack

    async def __call__(self, name: str, role: Role = "driver") -> Person:
        account = (await default_account(self._service)).account_id
        user = await member(self._service, account, role, name)
        caller = await signed_in(self._service, user, account, role)
        browser = await self._stack.enter_async_context(caller.client)
        return Person(user.user_id, user.email, browser, self._service.web_url)


@pytest.fixture
async def people(service: Service, anyio_backend: Any) -> Any:
    async with AsyncExitStack() as stack:
        yield People(service, stack)


async def charged(wire: Wire, token: str, *, is_over: bool = True) -> int:
    start = {"connectorId": 1, "idTag": token, "meterStart": 1000, "timestamp": now()}
    number: int = (await wire.ask("StartTransaction", start))["transactionId"]
    if is_over:
        await wire.ask("StopTransaction", {"transactionId": number, "meterStop": 1100, "timestamp": now()})
    return number


async def test_a_driver_sees_their_own_tokens_and_charges_alone(
    service: Service, register: Register, api: httpx.AsyncClient, people: People
) -> None:
    dora, emil = await people("Dora"), await people("Emil")
    for token, owner in (("OWN-DORA", dora), ("OWN-EMIL", emil)):
        made = await api.post("/tokens", json={"id_token": token, "note": "secret note", "person_id": owner.id})
        assert made.json()["person_id"] == owner.id
    await api.post("/tokens", json={"id_token": "OWN-NOBODY"})
    identity = await register()
    async with station(service, identity) as wire:
        await wire.boot()
        for token in ("own-dora", "OWN-EMIL", "OWN-NOBODY"):
            await charged(wire, token)
    assert [one["id_token"] for one in await dora.listed("tokens")] == ["OWN-DORA"]
    assert "secret note" not in (await dora.get("/api/v1/me/tokens")).text
    (own,) = await dora.listed("transactions")
    (other,) = await emil.ids()
    assert (own["id_token"], own["energy_wh"], own["state"]) == ("OWN-DORA", 100, "ended")
    for person, mine, foreign in ((dora, own["id"], other), (emil, other, own["id"])):
        for path in ("/api/v1/me/transactions/{}", "/api/v1/me/transactions/{}/meter-values",
                     "/console/me/charging/{}", "/console/me/charging/{}/curves",
                     "/console/me/charging/{}/meter-values.csv"):  # fmt: skip
            assert (await person.get(path.format(mine))).status_code == 200, path
            assert (await person.get(path.format(foreign))).status_code == 404, path
        assert (await person.get(f"/api/v1/transactions/{mine}")).status_code == 403
    csv = (await dora.get("/api/v1/me/transactions?format=csv")).text
    assert csv.count("\n") == 2
    assert own["id"] in csv
    page = (await dora.get("/console/me/charging")).text
    assert "OWN-DORA" in page
    assert "OWN-EMIL" not in page
    for query in ("search=OWN-EMIL", "id_token=OWN-EMIL", f"search={identity}"):
        assert other not in (await dora.get(f"/api/v1/me/transactions?{query}")).text


async def test_a_key_has_nothing_of_its_own(api: httpx.AsyncClient) -> None:
    for path in ("/me/tokens", "/me/transactions", "/me/transactions/1", "/me/events/live"):
        answer = await api.get(path)
        assert (answer.status_code, answer.json()["code"]) == (403, "person_needed")


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
async def test_a_charge_is_of_whose_the_token_was_when_it_was_shown(
    service: Service, register: Register, api: httpx.AsyncClient, people: People, version: str
) -> None:
    first, second = await people(f"First{version}"), await people(f"Second{version}")
    token = f"PASSED-{version}"
    await api.post("/tokens", json={"id_token": token, "type": "ISO14443"})
    identity = await register()

    async def charge(wire: Wire, wire_id: str) -> None:
        event = {
            "eventType": "Started", "timestamp": now(), "triggerReason": "Authorized", "seqNo": 0,
            "transactionInfo": {"transactionId": wire_id}, "idToken": {"idToken": token, "type": "ISO14443"},
        }  # fmt: skip
        await wire.ask("TransactionEvent", event)
        ended = {"eventType": "Ended", "timestamp": now(), "triggerReason": "StopAuthorized", "seqNo": 1}
        await wire.ask("TransactionEvent", {**ended, "transactionInfo": {"transactionId": wire_id}})

    async with station(service, identity, version) as wire:
        await wire.boot()
        for number, owner in enumerate((None, first, second, None)):
            person = None if owner is None else owner.id
            assert (await api.patch(f"/tokens/{token}", json={"person_id": person})).json()["person_id"] == person
            await charge(wire, f"t{number}-{version}")
    for person, number in ((first, 1), (second, 2)):
        assert [one["transaction_id"] for one in await person.listed("transactions")] == [f"t{number}-{version}"]
        assert await person.listed("tokens") == []


@pytest.mark.requirement("USE-8")
async def test_whose_a_token_is_is_chosen_by_who_may_write_tokens(api: httpx.AsyncClient, people: People) -> None:
    owner, operator, viewer = await people("Olga"), await people("Otto", "operator"), await people("Vera", "viewer")
    form = {"id_token": "CHOSEN", "status": "Accepted", "type": "ISO14443"}
    add = "/console/tokens/~add"
    assert (await viewer.browser.post(viewer.url + add, data={**form, "person": owner.email})).status_code == 403
    wrong = await operator.browser.post(operator.url + add, data={**form, "person": "nobody@example.org"})
    assert wrong.status_code == 422
    assert "Nobody of this account has this name." in wrong.text
    made = await operator.browser.post(operator.url + add, data={**form, "person": owner.email})
    assert made.status_code in {200, 303}
    assert [one["id_token"] for one in await owner.listed("tokens")] == ["CHOSEN"]
    assert "Olga" in (await operator.get("/console/tokens?q=CHOSEN")).text
    assert "Olga" not in (await viewer.get("/console/tokens?q=CHOSEN")).text, "viewers do not see people"
    assert len((await api.get(f"/tokens?person_id={owner.id}")).json()["items"]) == 1
    for person_id in ("0000000000001", "nonsense"):
        refused = await api.patch("/tokens/CHOSEN", json={"person_id": person_id})
        assert (refused.status_code, refused.json()["code"]) == (422, "person_unknown")
    await api.patch("/tokens/CHOSEN", json={"person_id": None})
    entries = [one for one in (await api.get("/audit")).json()["items"] if one["action"] == "token.change"]
    assert (entries[0]["before"], entries[0]["after"]) == ({"person_id": owner.id}, {"person_id": None})


async def test_an_import_names_people_by_address_and_tells_of_each_row_that_is_wrong(
    api: httpx.AsyncClient, people: People
) -> None:
    owner, operator, viewer = await people("Iris"), await people("Omar", "operator"), await people("Vida", "viewer")
    stranger = await people("Sven")
    await api.delete(f"/users/{stranger.id}")
    rows = [
        {"id_token": "ROW-0", "person": "Iris@Example.org"},
        {"id_token": "ROW-1", "person": stranger.email},
        {"id_token": "ROW-2", "person_id": owner.id},
        {"id_token": "ROW-3", "person": owner.email, "person_id": owner.id},
        {"id_token": "ROW-4"},
    ]
    told = (await api.post("/tokens/import", json=rows)).json()
    assert (told["created"], told["skipped"]) == (3, 2)
    assert [(one["row"], one["code"]) for one in told["errors"]] == [(1, "person_unknown"), (3, "person_twice")]
    text = "id_token;person;note\nCSV-1;iris@example.org;a\nCSV-2;{sven};b\nCSV-3;;c\n".replace(
        "{sven}", stranger.email
    )
    page = await operator.browser.post(f"{operator.url}/console/tokens/~import", data={"rows": text})
    assert page.status_code == 200
    assert "CSV-2</strong>: Nobody of this account has this name." in page.text
    assert {one["id_token"] for one in await owner.listed("tokens")} == {"ROW-0", "ROW-2", "CSV-1"}
    files = [(await one.get("/console/tokens/~export.csv")).text for one in (operator, viewer)]
    lines = [list(csv.DictReader(io.StringIO(file))) for file in files]
    whose = {line["id_token"]: line["person"] for line in lines[0] if line["id_token"].startswith(("ROW-", "CSV-"))}
    assert whose == {"ROW-0": owner.email, "ROW-2": owner.email, "CSV-1": owner.email, "ROW-4": "", "CSV-3": ""}
    assert {line["person"] for line in lines[1]} == {""}, "viewers do not see people"
    await api.delete("/tokens/CSV-1")
    await operator.browser.post(f"{operator.url}/console/tokens/~import", data={"rows": files[0]})
    assert (await api.get("/tokens/CSV-1")).json()["person_id"] == owner.id, "what is exported comes in again"
    assert (await api.patch("/tokens/ROW-4", json={"person": owner.email})).json()["person_id"] == owner.id
    assert (await api.patch("/tokens/ROW-4", json={"person": None})).json()["person_id"] is None
    assert (await api.patch("/tokens/ROW-4", json={"person": "x"})).json()["errors"][0]["path"] == "person"


async def test_the_command_line_names_people_by_address(
    service: Service, api: httpx.AsyncClient, people: People
) -> None:
    owner = await people("Cleo")
    key = api.headers["Authorization"].removeprefix("Bearer ")

    async def add(token: str, person: str) -> tuple[int | None, str]:
        words = ("token", "add", token, "--person", person, "--url", service.web_url, "--api-key", key)
        program = Path(sys.executable).with_name("ocpp-css")
        running = await asyncio.create_subprocess_exec(program, *words, stdout=PIPE, stderr=STDOUT)
        told, _ = await running.communicate()
        return running.returncode, told.decode()

    code, told = await add("TYPED", owner.email)
    assert (code, json.loads(told)["person_id"]) == (0, owner.id)
    code, told = await add("OTHER", "nobody@example.org")
    assert code == 1
    assert "Nobody of this account has this name." in told


async def test_who_leaves_the_account_leaves_their_tokens(api: httpx.AsyncClient, people: People) -> None:
    gone, leaver = await people("Gina"), await people("Lars")
    for token, owner in (("LEFT-1", gone), ("LEFT-2", leaver)):
        await api.post("/tokens", json={"id_token": token, "person_id": owner.id})
    assert (await api.delete(f"/users/{gone.id}")).status_code in {200, 204}
    account = (await api.get("/account")).json()["account_id"]
    left = await leaver.browser.post(f"{leaver.url}/console/me/accounts/{account}/leave")
    assert left.status_code == 303
    for token in ("LEFT-1", "LEFT-2"):
        assert (await api.get(f"/tokens/{token}")).json()["person_id"] is None
    changes = [one for one in (await api.get("/audit")).json()["items"] if one["action"] == "token.change"]
    assert {one["before"]["person_id"] for one in changes[:2]} == {gone.id, leaver.id}


CHARGES: dict[str, tuple[str, str]] = {
    "1.6": ("RemoteStopTransaction", "transactionId"),
    "2.0.1": ("RequestStopTransaction", "transactionId"),
    "2.1": ("RequestStopTransaction", "transactionId"),
}


async def begun(wire: Wire, token: str) -> Any:
    """A charge with this token, running; its number at the station."""
    if wire.socket.subprotocol == "ocpp1.6":
        return await charged(wire, token, is_over=False)
    number = f"run-{token}"
    event = {
        "eventType": "Started", "timestamp": now(), "triggerReason": "Authorized", "seqNo": 0,
        "transactionInfo": {"transactionId": number}, "idToken": {"idToken": token, "type": "ISO14443"},
    }  # fmt: skip
    await wire.ask("TransactionEvent", event)
    return number


@pytest.mark.trust("A49")
@pytest.mark.parametrize("version", CHARGES)
async def test_a_driver_stops_their_own_charge_and_nobody_elses(
    service: Service, register: Register, api: httpx.AsyncClient, people: People, version: str
) -> None:
    driver, other = await people(f"Stops{version}"), await people(f"Strange{version}")
    token = f"STOP-{version}"
    await api.post("/tokens", json={"id_token": token, "person_id": driver.id})
    action, member_name = CHARGES[version]
    async with station(service, await register(), version) as wire:
        await wire.boot()
        number = await begun(wire, token)
        (mine,) = await driver.ids()
        stop = f"/api/v1/me/transactions/{mine}/stop"
        assert (await other.browser.post(other.url + stop)).status_code == 404
        asked = asyncio.create_task(driver.browser.post(driver.url + stop))
        assert await wire.answer({"status": "Accepted"}) == (action, {member_name: number})
        told = (await asked).json()
        assert (told["status"], told["response"]) == ("answered", {"status": "Accepted"})
        refused = await driver.browser.post(f"{driver.url}/api/v1/transactions/{mine}/stop")
        assert refused.status_code == 403, "the right is to one's own charge alone"
    away = (await driver.browser.post(driver.url + stop)).json()
    assert away["status"] == "offline"
    page = await driver.browser.post(f"{driver.url}/console/me/charging/{mine}/stop")
    assert "cannot be reached now" in page.headers["hx-trigger"]
    entries = [one for one in (await api.get("/audit")).json()["items"] if one["subject"] == mine]
    assert {(one["action"], one["actor_name"]) for one in entries} == {("transaction.stop", f"Stops{version}")}


async def test_what_has_ended_cannot_be_stopped_again(
    service: Service, register: Register, api: httpx.AsyncClient, people: People
) -> None:
    driver = await people("Over")
    await api.post("/tokens", json={"id_token": "OVER", "person_id": driver.id})
    async with station(service, await register()) as wire:
        await wire.boot()
        await charged(wire, "OVER")
    (mine,) = await driver.ids()
    answer = await driver.browser.post(f"{driver.url}/api/v1/me/transactions/{mine}/stop")
    assert (answer.status_code, answer.json()["code"]) == (409, "transaction_ended")


async def test_a_driver_begins_with_what_they_charge(people: People) -> None:
    driver, viewer = await people("Drew"), await people("Vito", "viewer")
    home = await driver.get("/console")
    assert (home.status_code, home.headers["location"]) == (303, "/console/me/charging")
    page = (await driver.get("/console/me/charging")).text
    assert "/api/v1/me/events/live" in page
    assert 'href="/console/transactions"' not in page
    assert (await driver.get("/api/v1/events/live")).status_code == 403
    assert 'href="/console/me/charging"' in (await viewer.get("/console/me/charging")).text


async def test_a_driver_hears_of_their_own_charge_alone(
    service: Service, register: Register, api: httpx.AsyncClient, people: People
) -> None:
    driver = await people("Hilda")
    await api.post("/tokens", json={"id_token": "HEARD", "person_id": driver.id})
    await api.post("/tokens", json={"id_token": "UNHEARD"})
    identity = await register()
    heard: list[str] = []

    async def listen(answer: httpx.Response) -> None:
        async for line in answer.aiter_lines():
            heard.append(line)  # noqa: PERF401 - it is looked at while it goes on

    async def all_came() -> bool:
        return any("transaction.stopped" in line for line in heard)

    async with station(service, identity) as wire:
        await wire.boot()
        async with driver.browser.stream("GET", f"{driver.url}/api/v1/me/events/live") as answer:
            assert answer.status_code == 200
            listening = asyncio.create_task(listen(answer))
            try:
                await charged(wire, "UNHEARD")
                await charged(wire, "HEARD")
                await until(all_came)
            finally:
                listening.cancel()
                await asyncio.gather(listening, return_exceptions=True)
    (own,) = await driver.ids()
    async with driver.browser.stream("GET", f"{driver.url}/api/v1/me/events/live") as late:
        lines = late.aiter_lines()
        async with asyncio.timeout(PATIENCE_S):
            while own not in await anext(lines):
                pass  # what one missed is told at the start
    told = [line for line in heard if line.startswith("data:") and "transaction_id" in line]
    assert told
    assert all(own in line for line in told)
