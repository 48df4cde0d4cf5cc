"""Who may not see id tokens is told the ends of those of transactions, wherever a transaction is shown."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest
from tests.isolation import LIVE, Belongings, Caller, belongings, member, routes_of, signed_in
from tests.running import Wire, api_of, default_account, now, station, until, whole_service

from ocpp_css.app.running import Service
from ocpp_css.model.token import masked
from ocpp_css.people.access import ROLES
from ocpp_css.people.access.commands import create_api_key

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("SEC-1")]
WHOLE, END, NOTHING = "whole", "its end", "nothing"
TOLD = {
    "owner": WHOLE, "administrator": WHOLE, "operator": WHOLE, "technician": END, "viewer": WHOLE, "driver": NOTHING,
    "key of transactions": END, "key of transactions and tokens": WHOLE,
}  # fmt: skip
"""What each is told of the id token of a transaction."""
KEYS = {
    "key of transactions": ["transactions:read", "stations:read"],
    "key of transactions and tokens": ["transactions:read", "tokens:read"],
}
SHOWN_AT = [
    "/api/v1/transactions", "/api/v1/transactions/{transaction_id}", "/api/v1/transactions?format=csv",
    "/api/v1/transactions?search={identity}",
]  # fmt: skip
PAGES = [
    "/console", "/console/transactions", "/console/transactions/{transaction_id}", "/console/stations/{identity}",
    "/console/stations/{identity}/transactions", "/console/search?q={transaction_id}",
]  # fmt: skip
MESSAGES = {
    "/api/v1/stations/{identity:str}/messages": "the log of what was sent",
}
"""Where somebody reads what stations sent, whole, and why."""


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    async with whole_service(tmp_path / "data") as found:
        yield found


@pytest.fixture
async def things(service: Service) -> Belongings:
    """One of each thing, with a charge that runs."""
    async with await api_of(service) as api:
        found = await belongings(service, api, "SOMEBODY")
    async with station(service, found.names["identity"]) as wire:
        await wire.boot()
        await charge(wire, found.names["id_token"])
    return found


async def charge(wire: Wire, token: str) -> None:
    await wire.ask("StartTransaction", {"connectorId": 1, "idTag": token, "meterStart": 9000, "timestamp": now()})


@pytest.fixture
async def callers(service: Service, things: Belongings) -> AsyncIterator[dict[str, Caller]]:
    """One of each role and key, with a client that knows where the service is."""
    account = await default_account(service)
    found = {}
    async with AsyncExitStack() as stack:
        for role in ROLES:
            user = await member(service, account.account_id, role, f"Any{role}")
            found[role] = await signed_in(service, user, account.account_id, role)
        for name, scopes in KEYS.items():
            key = (await create_api_key(service.wiring.db, account.name, name, scopes))["api_key"]
            found[name] = Caller(name, httpx.AsyncClient(headers={"Authorization": f"Bearer {key}"}))
        for one in found.values():
            one.client.base_url = httpx.URL(service.web_url)
            await stack.enter_async_context(one.client)
        yield found


def of(caller: Caller, text: str, token: str) -> str:
    """What a text tells of a token."""
    if token.casefold() in text.casefold():
        return WHOLE
    return END if masked(token) in text else NOTHING


async def test_each_role_is_told_what_the_table_says(things: Belongings, callers: dict[str, Caller]) -> None:
    assert TOLD.keys() == callers.keys()
    token = things.names["id_token"]
    for role, caller in callers.items():
        for path in SHOWN_AT + PAGES * (role not in KEYS):
            answer = await caller.client.get(path.format(**things.names))
            assert of(caller, answer.text, token) == TOLD[role], (role, path, answer.status_code)


async def test_no_route_tells_a_technician_a_token_of_a_transaction(
    service: Service, things: Belongings, callers: dict[str, Caller]
) -> None:
    token, client = things.names.pop("id_token"), callers["technician"].client
    for route in routes_of(service.web):
        if route.verb != "GET" or route.path.endswith(LIVE) or "id_token" in route.places:
            continue
        answer = await client.get(route.filled(things.names))
        assert answer.status_code < 500
        assert (route.path in MESSAGES) is (token.casefold() in answer.text.casefold()), route


async def test_who_is_told_ends_finds_no_transaction_by_its_token(
    things: Belongings, callers: dict[str, Caller]
) -> None:
    token, number = things.names["id_token"], things.names["transaction_id"]
    for role, caller in callers.items():
        answer = await caller.client.get("/api/v1/transactions", params={"id_token": token})
        assert (answer.status_code == 200) is (TOLD[role] == WHOLE), role
        searched = (await caller.client.get("/api/v1/transactions", params={"search": token})).text
        assert number not in searched
        if role not in KEYS:
            found = (await caller.client.get("/console/search", params={"q": token})).text
            assert (f"/console/transactions/{number}" in found) is (TOLD[role] == WHOLE), role


async def test_what_is_told_live_names_no_token(
    service: Service, things: Belongings, callers: dict[str, Caller]
) -> None:
    heard: list[str] = []

    async def listen(answer: httpx.Response) -> None:
        async for line in answer.aiter_lines():
            heard.append(line)  # noqa: PERF401 - it is looked at while it goes on

    async def it_began() -> bool:
        return any("transaction.started" in line for line in heard)

    async with (
        callers["technician"].client.stream("GET", "/api/v1/events/live") as answer,
        station(service, things.names["identity"]) as wire,
    ):
        assert answer.status_code == 200
        listening = asyncio.create_task(listen(answer))
        try:
            await wire.boot()
            await charge(wire, things.names["id_token"])
            await until(it_began)
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
    assert things.names["id_token"] not in "".join(heard)
