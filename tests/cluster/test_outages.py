"""The database, or the bus, is away for a while: sockets stay, no answer without storage (TRUST R11)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from tests.nats_server import NatsServer
from tests.postgres import Postgres
from tests.running import api_of, now, station, until, whole_service

from ocpp_css.app.running import Service
from ocpp_css.kit.errors import Unavailable
from ocpp_css.storage import parting, postgres

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("CS-15"), pytest.mark.trust("R11")]
START = {"connectorId": 1, "idTag": "TAG", "meterStart": 0}


@pytest.fixture
async def mortal() -> AsyncIterator[Postgres]:
    server = Postgres("synchronous_commit=on")
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture
async def pair(mortal: Postgres, tmp_path: Path) -> AsyncIterator[tuple[Service, httpx.AsyncClient]]:
    async with (
        whole_service(tmp_path / "data", database=mortal.new_database()) as service,
        await api_of(service) as api,
    ):
        for body in ({"identity": "CP1"}, {"identity": "CP2"}):
            assert (await api.post("/stations", json=body)).status_code == 201
        await api.post("/tokens", json={"id_token": "TAG"})
        yield service, api


async def test_stations_wait_for_the_database_on_their_sockets(
    mortal: Postgres, pair: tuple[Service, httpx.AsyncClient]
) -> None:
    service, api = pair
    async with station(service, "CP1") as waiting, station(service, "CP2") as idle:
        await waiting.boot()
        await idle.boot()
        mortal.halt()
        asked = asyncio.create_task(waiting.ask("StartTransaction", {**START, "timestamp": now()}))
        for _ in range(3):
            assert "currentTime" in await idle.ask("Heartbeat", {})

        async def unready() -> bool:
            answer = await api.get(f"{service.web_url}/health/ready")
            return answer.status_code == 503 and answer.json()["checks"]["database"] == "failed"

        await until(unready)
        assert (await api.get("/stations")).status_code == 503
        assert (await api.post("/stations", json={"identity": "CP3"})).status_code == 503
        assert "currentTime" in await idle.ask("Heartbeat", {})
        assert not asked.done()
        mortal.start()
        answer = await asyncio.wait_for(asked, 10)
        assert answer["idTagInfo"]["status"] == "Accepted"
        stop = {"transactionId": answer["transactionId"], "meterStop": 5, "timestamp": now()}
        await waiting.ask("StopTransaction", stop)
        found = (await api.get("/transactions")).json()["items"]
        assert [(one["state"], one["energy_wh"]) for one in found] == [("ended", 5)]
        assert (await api.get(f"{service.web_url}/health/ready")).status_code == 200


@pytest.mark.parametrize("reached", [True, False])
async def test_a_commit_whose_end_nobody_knows_is_neither_lost_nor_done_twice(
    mortal: Postgres, pair: tuple[Service, httpx.AsyncClient], monkeypatch: pytest.MonkeyPatch, *, reached: bool
) -> None:
    """The connection breaks in the COMMIT: before the server has it, or before its answer comes back."""
    service, api = pair
    breaks = [True]
    commit = asyncpg.transaction.Transaction.commit

    async def broken(transaction: Any) -> None:
        is_first = bool(breaks)
        breaks.clear()
        if reached or not is_first:
            await commit(transaction)
        if is_first:
            raise asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation")

    async with station(service, "CP1") as wire:
        await wire.boot()
        monkeypatch.setattr(asyncpg.transaction.Transaction, "commit", broken)
        samples = [{"timestamp": now(), "sampledValue": [{"value": "1"}]}]
        assert await wire.ask("MeterValues", {"connectorId": 1, "meterValue": samples}) == {}
        assert breaks == []
        assert (await wire.ask("StartTransaction", {**START, "timestamp": now()}))["idTagInfo"]["status"] == "Accepted"
    assert len((await api.get("/transactions")).json()["items"]) == 1
    for action in ("MeterValues", "StartTransaction"):
        told = (await api.get("/stations/CP1/messages", params={"action": action})).json()["items"]
        assert len(told) == 2


async def test_a_write_of_a_person_that_cannot_be_stored_is_told_so_at_once(
    mortal: Postgres, pair: tuple[Service, httpx.AsyncClient]
) -> None:
    service, _ = pair
    db = service.wiring.db
    mortal.halt()
    unit = db.unit(1)
    unit.tell("nothing.1", {})
    with pytest.raises(Unavailable):
        await asyncio.wait_for(unit.commit(), 10)
    mortal.start()
    await until(lambda: _is_stored(service))


async def _is_stored(service: Service) -> bool:
    unit = service.wiring.db.unit(1)
    unit.tell("nothing.1", {})
    try:
        await unit.commit()
    except Unavailable:
        return False
    return True


@pytest.mark.timeout(60)
async def test_a_service_ends_though_its_database_is_silent(
    mortal: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The farewell to a server that hangs has an end."""
    for module, name in ((parting, "PATIENCE_S"), (postgres, "_SILENT_S"), (postgres, "_KNOCK_S")):
        monkeypatch.setattr(module, name, 0.5)
    async with (
        AsyncExitStack() as thawing,
        asyncio.timeout(50),
        whole_service(tmp_path / "data", database=mortal.new_database()) as service,
    ):
        async with await api_of(service) as api:
            await api.get("/stations")
        thawing.enter_context(mortal.frozen())
    assert service.wiring.db.backlog == 0


@pytest.mark.timeout(60)
async def test_without_the_bus_stations_charge_on_and_changes_are_known_elsewhere_through_the_database(
    postgres: Postgres, tmp_path: Path
) -> None:
    server = NatsServer()
    shared = {"database": postgres.new_database(), "bus": server.url}
    async with AsyncExitStack() as stack:
        stack.callback(server.stop)
        web = await stack.enter_async_context(whole_service(tmp_path / "data", role="web", **shared))
        gateway = await stack.enter_async_context(whole_service(tmp_path / "data", role="gateway", **shared))
        api = await stack.enter_async_context(await api_of(web))
        await api.post("/stations", json={"identity": "CP1"})
        await api.post("/tokens", json={"id_token": "TAG"})
        wire = await stack.enter_async_context(station(gateway, "CP1"))
        await wire.boot()
        assert (await wire.ask("Authorize", {"idTag": "TAG"}))["idTagInfo"]["status"] == "Accepted"
        server.stop()

        async def lost() -> bool:
            return (await api.get(f"{web.web_url}/health/ready")).json()["checks"]["bus"] == "failed"

        await until(lost)
        started = await wire.ask("StartTransaction", {**START, "timestamp": now()})
        assert started["idTagInfo"]["status"] == "Accepted"
        assert (await api.patch("/tokens/TAG", json={"status": "Blocked"})).status_code == 200
        made = await api.post("/stations", json={"identity": "CP2"})
        assert made.status_code == 201

        async def blocked() -> bool:
            return (await wire.ask("Authorize", {"idTag": "TAG"}))["idTagInfo"]["status"] == "Blocked"

        await until(blocked, 5)
        command = {"action": "Reset", "payload": {"type": "Soft"}}
        assert (await api.post("/stations/CP1/commands", json=command)).json()["status"] == "offline"
        server.start()

        async def found() -> bool:
            answers = [await api.get(f"{process.web_url}/health/ready") for process in (gateway, web)]
            return all(answer.status_code == 200 for answer in answers)

        await until(found)
        other = await stack.enter_async_context(station(gateway, "CP2"))
        await other.boot()
        asked = asyncio.create_task(api.post("/stations/CP1/commands", json=command))
        await wire.answer({"status": "Accepted"})
        assert (await asked).json()["status"] == "answered"
