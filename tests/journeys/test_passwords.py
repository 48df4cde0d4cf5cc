"""A station's password changes: what counts at each moment, whatever is killed in between (TRUST A20, A01)."""

import asyncio
import contextlib
import hashlib
import hmac
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets
from sqlalchemy import select
from tests.journeys.serving import serving
from tests.running import PATIENCE_S, Reachable, Wire, station, until

from ocpp_css.app.running import Service
from ocpp_css.charging import stations
from ocpp_css.charging.commands.store import COMMANDS
from ocpp_css.gateway.messages import MESSAGES
from ocpp_css.storage import METADATA

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("CS-9")]

OLD = "correct horse battery"
ROTATE = "/stations/CP1/password/rotate"


def test_a_password_that_is_made_is_no_option_of_a_command() -> None:
    for version in ("", "1.6", "2.0.1", "2.1"):
        made = [stations.new_password(version) for _ in range(500)]
        assert len(set(made)) == len(made)
        assert all(password.isalnum() and 16 <= len(password) <= 40 for password in made)


async def gets_in(service: Reachable, password: str | bytes, version: str = "1.6") -> bool:
    try:
        async with station(service, "CP1", version, password) as wire:
            await wire.boot()
            return True
    except websockets.InvalidStatus:
        return False


async def closed(wire: Wire) -> int:
    with contextlib.suppress(websockets.ConnectionClosed):
        async with asyncio.timeout(PATIENCE_S):
            while True:
                await wire.socket.recv()
    assert wire.socket.close_code is not None
    return wire.socket.close_code


@contextlib.asynccontextmanager
async def rotating(
    api: httpx.AsyncClient, service: Reachable, version: str
) -> AsyncIterator[tuple[Wire, str, str, Any]]:
    """A station that was sent a new password: its wire, the CALL's id, the password, the request that waits."""
    async with station(service, "CP1", version, OLD) as wire:
        await wire.boot()
        asking = asyncio.create_task(api.post(ROTATE))
        _, number, action, payload = await wire.receive()
        if version == "1.6":
            assert (action, payload["key"]) == ("ChangeConfiguration", "AuthorizationKey")
            yield wire, number, payload["value"], asking
        else:
            (asked,) = payload["setVariableData"]
            assert (action, asked["variable"]) == ("SetVariables", {"name": "BasicAuthPassword"})
            yield wire, number, asked["attributeValue"], asking


def said(version: str, status: str) -> dict[str, Any]:
    if version == "1.6":
        return {"status": status}
    named = {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "BasicAuthPassword"}}
    return {"setVariableResult": [{"attributeStatus": status, **named}]}


@pytest.mark.trust("A20")
@pytest.mark.parametrize("version", ["1.6", "2.0.1", "2.1"])
async def test_once_accepted_only_the_new_password_counts(
    service: Service, api: httpx.AsyncClient, version: str
) -> None:
    await api.post("/stations", json={"identity": "CP1", "password": OLD})
    async with rotating(api, service, version) as (wire, number, new, asking):
        assert (await api.get("/stations/CP1")).json()["password_rotation"] is True
        await wire.send([3, number, said(version, "Accepted")])
        answer = (await asking).json()
        assert (answer["status"], answer["station_status"]) == ("rotated", "Accepted")
        assert await closed(wire) == 1008
    assert len(new) == (40 if version == "1.6" else 24)
    assert not await gets_in(service, OLD, version)
    assert await gets_in(service, bytes.fromhex(new) if version == "1.6" else new, version)
    assert (await api.get("/stations/CP1")).json()["password_rotation"] is False
    db = service.wiring.db
    kept = [repr([tuple(row) for row in await db.across_tenants(table.select())]) for table in (MESSAGES, COMMANDS)]
    assert all(new not in text and "***" in text for text in kept)
    entries = (await api.get("/audit")).json()["items"]
    rotated = next(entry for entry in entries if entry["action"] == "station.password_rotate")
    assert rotated["address"] == "127.0.0.1"
    assert new not in repr(entries)


@pytest.mark.trust("A20")
@pytest.mark.parametrize("word", ["Rejected", "NotSupported"])
async def test_once_refused_the_old_password_stays(service: Service, api: httpx.AsyncClient, word: str) -> None:
    await api.post("/stations", json={"identity": "CP1", "password": OLD})
    async with rotating(api, service, "1.6") as (wire, number, new, asking):
        await wire.send([3, number, said("1.6", word)])
        assert (await asking).json()["status"] == "refused"
        await wire.ask("Heartbeat", {})
    assert not await gets_in(service, new)
    assert await gets_in(service, OLD)


@pytest.mark.trust("A20")
async def test_an_error_is_a_refusal_and_an_offline_station_is_told(service: Service, api: httpx.AsyncClient) -> None:
    await api.post("/stations", json={"identity": "CP1", "password": OLD})
    away = await api.post(ROTATE)
    assert (away.status_code, away.json()["code"]) == (409, "station_offline")
    async with rotating(api, service, "2.0.1") as (wire, number, new, asking):
        await wire.send([4, number, "NotSupported", "", {}])
        assert (await asking).json()["status"] == "refused"
    assert not await gets_in(service, new, "2.0.1")
    assert await gets_in(service, OLD, "2.0.1")


@pytest.mark.trust("A20")
async def test_while_the_answer_is_lost_both_count_until_the_new_one_is_used(
    service: Service, api: httpx.AsyncClient
) -> None:
    await api.post("/stations", json={"identity": "CP1", "password": OLD})
    async with rotating(api, service, "2.0.1") as (wire, _, new, asking):
        await wire.socket.close()
        assert (await asking).json()["status"] == "pending"
    assert await gets_in(service, OLD, "2.0.1")
    async with station(service, "CP1", "2.0.1", OLD) as old:
        await old.boot()
        assert await gets_in(service, new, "2.0.1")
        assert await closed(old) == 1008

    async def is_settled() -> bool:
        return not (await api.get("/stations/CP1")).json()["password_rotation"]

    await until(is_settled)
    assert not await gets_in(service, OLD, "2.0.1")
    assert await gets_in(service, new, "2.0.1")


@pytest.mark.trust("A20")
async def test_a_second_rotation_keeps_every_password_that_the_station_may_have(
    service: Service, api: httpx.AsyncClient
) -> None:
    await api.post("/stations", json={"identity": "CP1", "password": OLD})
    async with rotating(api, service, "2.0.1") as (wire, _, first, asking):
        await wire.socket.close()
        await asking
    async with rotating(api, service, "2.0.1") as (wire, number, second, asking):
        await wire.send([3, number, said("2.0.1", "Rejected")])
        await asking
    assert not await gets_in(service, second, "2.0.1")
    assert await gets_in(service, OLD, "2.0.1")
    assert await gets_in(service, first, "2.0.1")


@pytest.mark.trust("A20")
async def test_killed_at_each_step_the_station_gets_in_with_what_it_has(tmp_path: Path) -> None:
    """Before the station has it; when it has it and its answer is lost; when its answer came and nothing was stored."""
    async with serving(tmp_path) as served, served.client() as api:
        await api.post("/stations", json={"identity": "CP1", "password": OLD})
        async with rotating(api, served, "2.0.1") as (wire, number, new, asking):
            await served.kill()
            with pytest.raises(httpx.HTTPError):
                await asking
    async with serving(tmp_path) as served, served.client() as api:
        assert await gets_in(served, OLD, "2.0.1"), "it never stored the new one"
        assert await gets_in(served, new, "2.0.1"), "it stored the new one, the answer was lost"
        assert not await gets_in(served, OLD, "2.0.1")
        await api.put("/stations/CP1/password", json={"password": OLD})
        async with rotating(api, served, "2.0.1") as (wire, number, new, asking):
            await wire.send([3, number, said("2.0.1", "Accepted")])
            await served.kill()
            with contextlib.suppress(httpx.HTTPError):
                await asking
    async with serving(tmp_path) as served:
        assert await gets_in(served, new, "2.0.1")
        assert not await gets_in(served, OLD, "2.0.1")


async def test_a_set_password_closes_the_connection_that_has_the_old_one(
    service: Service, api: httpx.AsyncClient
) -> None:
    await api.post("/stations", json={"identity": "CP1", "password": OLD})
    async with station(service, "CP1", "1.6", OLD) as wire:
        await wire.boot()
        await api.patch("/stations/CP1", json={"name": "Yard"})
        await wire.ask("Heartbeat", {})
        assert (await api.put("/stations/CP1/password", json={"password": "another horse battery"})).status_code == 204
        assert await closed(wire) == 1008
    assert not await gets_in(service, OLD)


async def test_a_password_may_not_wait_for_a_station(service: Service, api: httpx.AsyncClient) -> None:
    await api.post("/stations", json={"identity": "CP1", "password": OLD})
    payload = {"key": "AuthorizationKey", "value": "0" * 40}
    body = {"action": "ChangeConfiguration", "payload": payload, "queue": True}
    answer = await api.post("/stations/CP1/commands", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "secret_may_not_wait")


@pytest.mark.trust("I4")
async def test_a_station_password_is_kept_as_a_keyed_hash_and_only_strong_ones_are(
    service: Service, api: httpx.AsyncClient
) -> None:
    password = "0123456789abcdefghij"
    assert (await api.post("/stations", json={"identity": "CP1", "password": "short"})).status_code == 422
    assert (await api.post("/stations", json={"identity": "CP1", "password": password})).status_code == 201
    query = select(METADATA.tables["stations"])
    (row,) = await service.wiring.db.across_tenants(query)
    kept = str(dict(row._mapping))
    digest = hashlib.sha256(password.encode()).hexdigest()
    keyed = hmac.new(service.wiring.secrets.key("station passwords"), password.encode(), "sha256").hexdigest()
    assert password not in kept
    assert digest not in kept, "a hash without a key can be guessed by who has the database alone"
    assert keyed in kept
