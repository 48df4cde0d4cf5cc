"""Connections come, replace one another, fight and go; what is shown of them stays true (RULES 1.4, TRUST A7 to A9)."""

import asyncio
from typing import Any

import httpx
import pytest
from sqlalchemy import select
from tests.gateway.conftest import PASSWORD, Register
from tests.gateway.raw import TEXT, RawWire, answer_to, authorization, request, status
from tests.running import now, station, until

from ocpp_css.app.running import Service
from ocpp_css.gateway import hub as hubs
from ocpp_css.gateway.messages import MESSAGES
from ocpp_css.storage import Unit
from ocpp_css.storage.tables import FACTS, LINKS

pytestmark = pytest.mark.anyio
BOOT = b'[2,"b","BootNotification",{"chargePointVendor":"V","chargePointModel":"M"}]'


async def reasons(service: Service, identity: str) -> list[str]:
    facts = await service.wiring.db.across_tenants(select(FACTS).where(FACTS.c.kind == "security.connection"))
    return [fact.body["reason"] for fact in facts if fact.body["identity"] == identity]


async def is_online(api: httpx.AsyncClient, identity: str) -> bool:
    return bool((await api.get(f"/stations/{identity}")).json()["online"])


def connection_of(service: Service, identity: str) -> Any:
    return next((c for c in service.hub.connections.values() if c.station.identity == identity), None)


@pytest.mark.trust("A7")
async def test_a_second_connection_without_the_password_touches_nothing(service: Service, register: Register) -> None:
    identity = await register(password=PASSWORD)
    async with station(service, identity, password=PASSWORD) as wire:
        await wire.boot()
        assert status(await answer_to(service, request(f"/ocpp/{identity}", [authorization(identity, "wrong")]))) == 401
        assert status(await answer_to(service, request(f"/ocpp/{identity}"))) == 401
        assert (await wire.call("Heartbeat", {}))[0] == 3
    assert await reasons(service, identity) == []


@pytest.mark.trust("A8")
async def test_the_newest_connection_wins_and_the_old_one_is_closed(
    service: Service, register: Register, api: httpx.AsyncClient
) -> None:
    identity = await register()
    async with station(service, identity) as old:
        await old.boot()
        async with station(service, identity) as new:
            await asyncio.wait_for(old.socket.wait_closed(), 10)
            assert old.socket.close_code == 1008
            assert (await new.call("Heartbeat", {}))[0] == 3
            assert await is_online(api, identity)

            async def alarmed() -> bool:
                return await reasons(service, identity) == ["replaced_while_alive"]

            assert await until(alarmed)

    async def offline() -> bool:
        return not await is_online(api, identity)

    assert await until(offline)


@pytest.mark.trust("A8")
async def test_the_fence_rises_with_every_connection(service: Service, register: Register) -> None:
    identity = await register()
    fences = []
    for _ in range(3):
        async with station(service, identity) as wire:
            await wire.boot()
            fences.append(connection_of(service, identity).fence)
    assert fences == [1, 2, 3]


@pytest.mark.trust("A8")
async def test_a_connection_that_lost_its_fence_writes_nothing_and_is_closed(
    service: Service, register: Register, api: httpx.AsyncClient
) -> None:
    identity = await register()
    async with station(service, identity) as wire:
        await wire.boot()
        connection = connection_of(service, identity)
        unit = service.wiring.db.unit(connection.station.tenant)
        unit.update(LINKS, (connection.station.station_id,), seen=connection.fence)
        await unit.commit()
        start = {"connectorId": 1, "idTag": "T", "meterStart": 0, "timestamp": now()}
        await wire.send([2, "s", "StartTransaction", start])
        await asyncio.wait_for(wire.socket.wait_closed(), 10)
        assert wire.socket.close_code == 1012
    found = (await api.get("/transactions", params={"station": identity})).json()["items"]
    assert found == []


@pytest.mark.trust("A8")
async def test_a_command_on_its_way_is_lost_and_not_sent_to_the_newcomer(
    service: Service, register: Register, api: httpx.AsyncClient
) -> None:
    identity = await register()
    async with station(service, identity) as old:
        await old.boot()
        body = {"action": "Reset", "payload": {"type": "Soft"}}
        asked = asyncio.create_task(api.post(f"/stations/{identity}/commands", json=body))
        assert (await old.receive())[2] == "Reset"
        async with station(service, identity) as new:
            assert (await asked).json()["status"] == "lost"
            assert (await new.call("Heartbeat", {}))[0] == 3
            again = asyncio.create_task(api.post(f"/stations/{identity}/commands", json=body))
            assert await new.answer({"status": "Accepted"}) == ("Reset", {"type": "Soft"})
            assert (await again).json()["status"] == "answered"


@pytest.mark.trust("A9")
async def test_two_that_fight_are_both_shut_out_for_a_while(
    service: Service, register: Register, api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    identity = await register()
    for _ in range(hubs.SWAPS_ALLOWED + 2):
        await RawWire.open(service, f"/ocpp/{identity}")
    connection = connection_of(service, identity)
    assert connection is None or connection.is_closing
    assert status(await answer_to(service, request(f"/ocpp/{identity}"))) == 401
    answer = await api.post(f"/stations/{identity}/commands", json={"action": "ClearCache"})
    assert answer.json()["status"] == "offline"

    async def alarmed() -> bool:
        return "quarantined" in await reasons(service, identity)

    assert await until(alarmed)

    async def offline() -> bool:
        return not await is_online(api, identity)

    assert await until(offline)
    service.hub._quarantined.clear()
    async with station(service, identity) as wire:
        await wire.boot()


async def test_swaps_that_are_rare_are_no_fight(
    service: Service, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hubs, "SWAP_WINDOW_S", 0.0)
    identity = await register()
    for _ in range(hubs.SWAPS_ALLOWED + 2):
        await RawWire.open(service, f"/ocpp/{identity}")
    async with station(service, identity) as wire:
        await wire.boot()


@pytest.mark.trust("A10")
async def test_a_dead_line_does_not_keep_the_station_out(service: Service, register: Register) -> None:
    identity = await register()
    raw = await RawWire.open(service, f"/ocpp/{identity}")
    raw.send(TEXT, BOOT)
    await raw.receive()
    raw.writer.transport.pause_reading()
    async with station(service, identity) as wire:
        assert (await wire.call("Heartbeat", {}))[0] == 3


async def test_a_station_comes_back_without_a_boot(
    service: Service, register: Register, api: httpx.AsyncClient
) -> None:
    identity = await register()
    async with station(service, identity) as wire:
        await wire.boot()
    async with station(service, identity) as wire:
        status = {"connectorId": 1, "errorCode": "NoError", "status": "Charging"}
        assert (await wire.call("StatusNotification", status))[0] == 3
        shown = (await api.get(f"/stations/{identity}")).json()
    assert shown["online"] is True
    assert shown["evses"][0]["connectors"][0]["status"] == "Charging"


async def test_one_that_went_before_it_was_admitted_is_offline(
    service: Service, register: Register, api: httpx.AsyncClient
) -> None:
    identity = await register()
    hub = service.hub
    entered, go_on = asyncio.Event(), asyncio.Event()
    real = hub._claim

    async def slow(connection: Any, seen: int | None) -> Any:
        entered.set()
        await go_on.wait()
        return await real(connection, seen)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hub, "_claim", slow)
        raw = await RawWire.open(service, f"/ocpp/{identity}")
        await entered.wait()
        connection = connection_of(service, identity)
        raw.drop()

        async def gone() -> bool:
            return connection.is_gone

        await until(gone)
        go_on.set()
        await until(_is_stored(service, connection))
    answer = await api.post(f"/stations/{identity}/commands", json={"action": "ClearCache"})
    assert answer.json()["status"] == "offline"
    assert not await is_online(api, identity)


def _is_stored(service: Service, connection: Any) -> Any:
    async def stored() -> bool:
        unit: Unit = service.wiring.db.unit(connection.station.tenant)
        row = await unit.first(select(LINKS).where(LINKS.c.station_id == connection.station.station_id))
        return row is not None and not row.is_online and not service.hub._tasks

    return stored


async def test_a_newcomer_that_goes_at_once_leaves_the_station_offline(
    service: Service, register: Register, api: httpx.AsyncClient
) -> None:
    identity = await register()
    async with station(service, identity) as wire:
        await wire.boot()
        old = connection_of(service, identity)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(service.hub, "_load", lambda _connection: None)
            raw = await RawWire.open(service, f"/ocpp/{identity}")
            await asyncio.wait_for(wire.socket.wait_closed(), 10)
            raw.drop()
            await until(_is_stored(service, old))
    assert not await is_online(api, identity)


@pytest.mark.trust("A8")
async def test_the_newcomer_sees_what_the_old_connection_stored_last(
    service: Service, register: Register, api: httpx.AsyncClient
) -> None:
    """The old one's unit is committed while the new one is on its way in: the state is read after the fence."""
    identity = await register()
    start = {"connectorId": 1, "idTag": "T", "meterStart": 5, "timestamp": now()}
    db = service.wiring.db
    async with station(service, identity) as old:
        await old.boot()
        first = await old.ask(
            "StartTransaction", {**start, "meterStart": 4}
        )  # numbers and token are at hand from now on
        await old.ask("StopTransaction", {"transactionId": first["transactionId"], "meterStop": 5, "timestamp": now()})
        with pytest.MonkeyPatch.context() as patch:
            held: list[Any] = []
            patch.setattr(db._writer, "wake", lambda _waiting: held.append(1))
            await old.send([2, "s", "StartTransaction", start])

            async def waits() -> bool:
                return db.backlog > 0

            await until(waits)
            raw = await RawWire.open(service, f"/ocpp/{identity}")
            claims = db.backlog

            async def claiming() -> bool:
                return db.backlog > claims

            await until(claiming)
        db._writer.wake(1)
        raw.send(TEXT, b'[2,"h","Heartbeat",{}]')
        await raw.receive()
        charging = connection_of(service, identity).memory["charging"]
        assert len(charging.transactions) == 1


async def test_what_a_station_said_before_it_hung_up_is_stored(
    service: Service, register: Register, api: httpx.AsyncClient
) -> None:
    """CONFORMANCE 2.7: a hard reset; the stop and the close come in one piece, behind another message."""
    identity = await register()
    async with station(service, identity) as wire:
        await wire.boot()
        started = await wire.ask(
            "StartTransaction", {"connectorId": 1, "idTag": "T", "meterStart": 0, "timestamp": now()}
        )
    raw = await RawWire.open(service, f"/ocpp/{identity}")
    raw.send(TEXT, b'[2,"1","StatusNotification",{"connectorId":1,"errorCode":"NoError","status":"Finishing"}]')
    stop = b'[2,"2","StopTransaction",{"transactionId":%d,"meterStop":9,"timestamp":"%s","reason":"HardReset"}]'
    raw.send(TEXT, stop % (started["transactionId"], now().encode()))
    raw.send(8, b"\x03\xe8")
    await raw.ended()

    async def stored() -> Any:
        found = (await api.get("/transactions", params={"station": identity})).json()["items"][0]
        return found["state"] == "ended" and found["stop_reason"]

    assert await until(stored) == "HardReset"


async def test_who_is_not_heard_of_for_two_pings_is_closed(
    service: Service, register: Register, api: httpx.AsyncClient
) -> None:
    identity = await register()
    raw = await RawWire.open(service, f"/ocpp/{identity}")
    raw.send(TEXT, BOOT)
    await raw.receive()
    connection = connection_of(service, identity)
    turn = connection.station.station_id % 60
    service.hub._ping(connection.last_heard + 119, turn)
    assert not connection.is_closing
    service.hub._ping(connection.last_heard + 121, turn)
    assert await raw.closed_with() == 1001


async def test_a_log_row_stands_for_each_exchange(service: Service, register: Register) -> None:
    identity = await register()
    async with station(service, identity) as wire:
        await wire.boot()
        for _ in range(3):
            await wire.call("Heartbeat", {})
        await wire.call("DataTransfer", {"vendorId": "V"})
        number = connection_of(service, identity).station.station_id
    rows = await service.wiring.db.across_tenants(select(MESSAGES).where(MESSAGES.c.station_id == number))
    assert [(row.direction, row.action) for row in rows] == [("in", "BootNotification"), ("in", "DataTransfer")]
