"""One installation of several processes: whatever a station or a person does, it does not matter where."""

import asyncio
import itertools
import json
from typing import Any

import pytest
import websockets
from tests.cluster.conftest import Cluster
from tests.running import now, station, until

from ocpp_css.storage import PROVIDER
from ocpp_css.storage.tables import LINKS

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("CS-15")]
SOFT = {"action": "Reset", "payload": {"type": "Soft"}}
_numbers = itertools.count(1)


async def registered(cluster: Cluster, **fields: Any) -> str:
    identity = f"CP{next(_numbers)}"
    answer = await cluster.api.post("/stations", json={"identity": identity, **fields})
    assert answer.status_code == 201, answer.text
    return identity


def send(cluster: Cluster, identity: str, **body: Any) -> "asyncio.Task[Any]":
    return asyncio.create_task(cluster.api.post(f"/stations/{identity}/commands", json={**SOFT, **body}))


async def test_a_station_registered_at_one_process_gets_in_at_every_other_at_once(cluster: Cluster) -> None:
    for gateway in (cluster.east, cluster.west) * 3:
        password = "a long enough password"
        identity = await registered(cluster, password=password)
        async with station(gateway, identity, password=password) as wire:
            assert (await wire.boot())["status"] == "Accepted"


async def test_a_command_reaches_the_station_wherever_it_is_connected(cluster: Cluster) -> None:
    identity = await registered(cluster)
    for gateway in (cluster.east, cluster.west):
        async with station(gateway, identity) as wire:
            await wire.boot()
            assert await cluster.online(identity)
            asked = send(cluster, identity)
            assert await wire.answer({"status": "Accepted"}) == ("Reset", {"type": "Soft"})
            assert (await asked).json()["response"] == {"status": "Accepted"}
        await cluster.until_online(identity, expected=False)
        assert (await send(cluster, identity)).json()["status"] == "offline"


@pytest.mark.trust("A8")
async def test_the_newest_connection_over_all_processes_wins(cluster: Cluster) -> None:
    identity = await registered(cluster)
    async with station(cluster.east, identity) as old:
        await old.boot()
        async with station(cluster.west, identity) as new:
            await new.boot()
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await old.receive()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1008
            assert await cluster.online(identity)
            asked = send(cluster, identity)
            await new.answer({"status": "Accepted"})
            assert (await asked).json()["status"] == "answered"
        await cluster.until_online(identity, expected=False)


@pytest.mark.trust("A8")
async def test_of_sockets_opened_at_the_same_moment_one_is_left(cluster: Cluster) -> None:
    identity = await registered(cluster)
    sockets = []
    for gateway in (cluster.east, cluster.west):
        url = f"{gateway.station_url}/{identity}"
        sockets.append(websockets.connect(url, subprotocols=[websockets.Subprotocol("ocpp1.6")]))
    opened = await asyncio.gather(*sockets)

    async def closed() -> int:
        return sum(socket.close_code is not None for socket in opened)

    async def one_closed() -> bool:
        return await closed() == 1

    await until(one_closed)
    await cluster.until_online(identity)
    left = next(socket for socket in opened if socket.close_code is None)
    asked = send(cluster, identity)
    kind, message_id, *_ = json.loads(await left.recv())
    await left.send(json.dumps([3, message_id, {"status": "Accepted"}]))
    assert (await asked).json()["status"] == "answered"
    assert kind == 2
    await left.close()


async def test_who_is_outrun_before_the_state_is_there_is_closed(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The claim is stored, and before the state is loaded another process has a newer one."""
    identity = await registered(cluster)
    hub = cluster.east.hub
    assert hub is not None
    loading, going_on, load = asyncio.Event(), asyncio.Event(), hub._load_states

    async def slow(*given: Any) -> None:
        loading.set()
        await going_on.wait()
        await load(*given)

    monkeypatch.setattr(hub, "_load_states", slow)
    protocol = [websockets.Subprotocol("ocpp1.6")]
    async with websockets.connect(f"{cluster.east.station_url}/{identity}", subprotocols=protocol) as old:
        await loading.wait()
        (tenant, number), held = next(one for one in hub.connections.items() if one[1].station.identity == identity)
        told = {"station": number, "fence": held.inherited + 1, "node": cluster.west.wiring.db.node, "is_swap": False}
        hub._claimed_elsewhere(f"claimed.{tenant}", told)
        going_on.set()
        with pytest.raises(websockets.ConnectionClosed):
            await asyncio.wait_for(old.recv(), 30)


@pytest.mark.trust("R10")
async def test_what_an_old_connection_still_says_is_not_stored(cluster: Cluster) -> None:
    """The process with the old socket heard nothing of the new one: only the fence is left."""
    identity = await registered(cluster)
    hub = cluster.east.hub
    assert hub is not None
    async with station(cluster.east, identity) as old:
        await old.boot()
        hub._claimed_elsewhere, kept = (lambda *_: None), hub._claimed_elsewhere
        hub._cancels[1]()
        try:
            async with station(cluster.west, identity) as new:
                await new.boot()
                start = {"connectorId": 1, "idTag": "T", "meterStart": 0, "timestamp": now()}
                with pytest.raises(websockets.ConnectionClosed):
                    await old.ask("StartTransaction", start)
                assert (await cluster.api.get("/transactions", params={"station": identity})).json()["items"] == []
                asked = send(cluster, identity)
                await new.answer({"status": "Accepted"})
                assert (await asked).json()["status"] == "answered"
        finally:
            hub._claimed_elsewhere = kept
            hub._cancels[1] = hub.bus.subscribe("claimed.*", kept)


async def test_a_blocked_token_is_refused_everywhere_within_a_second(cluster: Cluster) -> None:
    identity = await registered(cluster)
    made = await cluster.api.post("/tokens", json={"id_token": f"TAG-{identity}"})
    assert made.status_code == 201
    async with station(cluster.west, identity) as wire:
        await wire.boot()
        ask = {"idTag": f"TAG-{identity}"}
        assert (await wire.ask("Authorize", ask))["idTagInfo"]["status"] == "Accepted"
        changed = await cluster.api.patch(f"/tokens/TAG-{identity}", json={"status": "Blocked"})
        assert changed.status_code == 200, changed.text

        async def blocked() -> bool:
            return (await wire.ask("Authorize", ask))["idTagInfo"]["status"] == "Blocked"

        await until(blocked, 1)


async def test_what_happens_at_any_process_is_streamed_by_the_one_for_people(cluster: Cluster) -> None:
    identity = await registered(cluster)
    heard: list[str] = []
    streaming = asyncio.Event()

    async def listen() -> None:
        async with cluster.api.stream("GET", "/events/live") as stream:
            async for line in stream.aiter_lines():
                streaming.set()
                if line.startswith("data:") and identity in line:
                    heard.append(json.loads(line[5:])["kind"])

    listening = asyncio.create_task(listen())
    await streaming.wait()
    async with station(cluster.east, identity) as wire:
        await wire.boot()

    async def all_heard() -> bool:
        return {"station.connected", "station.booted", "station.disconnected"} <= set(heard)

    await until(all_heard)
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)


async def test_the_log_of_a_station_is_watched_across_processes(cluster: Cluster) -> None:
    identity = await registered(cluster)
    actions: list[str] = []
    streaming = asyncio.Event()

    async def listen() -> None:
        async with cluster.api.stream("GET", f"/stations/{identity}/messages/live") as stream:
            async for line in stream.aiter_lines():
                streaming.set()
                if line.startswith("data:"):
                    actions.append(json.loads(line[5:])["action"])

    listening = asyncio.create_task(listen())
    await streaming.wait()
    async with station(cluster.west, identity) as wire:
        await wire.boot()

        async def heard() -> bool:
            await wire.ask("Heartbeat", {})
            return "Heartbeat" in actions

        await until(heard)
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)


async def test_what_waits_is_delivered_in_order_once_wherever_the_station_comes(cluster: Cluster) -> None:
    identity = await registered(cluster)
    types = ["Soft", "Hard"] * 4
    for kind in types:
        asked = await send(cluster, identity, payload={"type": kind}, queue=True)
        assert asked.json()["status"] == "queued"
    async with station(cluster.west, identity) as wire:
        assert [(await wire.answer({"status": "Accepted"}))[1]["type"] for _ in types] == types

        async def answered() -> bool:
            items = (await cluster.api.get(f"/stations/{identity}/commands")).json()["items"]
            return [item["status"] for item in items] == ["answered"] * len(types)

        await until(answered)


async def test_a_command_that_may_wait_does_not_overtake_those_that_wait(cluster: Cluster) -> None:
    identity = await registered(cluster)
    for _ in range(2):
        await send(cluster, identity, payload={"type": "Hard"}, queue=True)
    async with station(cluster.east, identity) as wire:
        first = await wire.receive()
        later = await send(cluster, identity, queue=True)
        assert later.json()["status"] == "queued"
        await wire.send([3, first[1], {"status": "Accepted"}])
        rest = [(await wire.answer({"status": "Accepted"}))[1]["type"] for _ in range(2)]
        assert [first[3]["type"], *rest] == ["Hard", "Hard", "Soft"]


async def test_a_waiting_question_whose_answer_was_lost_is_asked_again_and_a_waiting_deed_is_not(
    cluster: Cluster,
) -> None:
    identity = await registered(cluster)
    question = {"action": "GetConfiguration", "payload": {}, "queue": True}
    deed = {"queue": True}
    made = [(await send(cluster, identity, **body)).json()["command_id"] for body in (question, deed)]
    async with station(cluster.east, identity) as wire:
        assert (await wire.receive())[2] == "GetConfiguration"
    async with station(cluster.west, identity) as wire:
        assert (await wire.answer({"configurationKey": []}))[0] == "GetConfiguration"
        assert (await wire.receive())[2] == "Reset"
    async with station(cluster.east, identity) as wire:

        async def ended() -> bool:
            found = [(await cluster.api.get(f"/commands/{one}")).json()["status"] for one in made]
            return found == ["answered", "lost"]

        await until(ended)


@pytest.mark.timeout(120)
async def test_the_stations_of_a_process_that_died_are_offline_within_thirty_seconds(cluster: Cluster) -> None:
    """Such a process is one number in the rows of its stations, which nobody raises any more."""
    identity = await registered(cluster)
    async with station(cluster.east, identity) as wire:
        await wire.boot()
    await cluster.until_online(identity, expected=False)
    db = cluster.worker.wiring.db
    tenant, row = next(
        (row.tenant_id, row)
        for row in await db.across_tenants(LINKS.select())
        if row.node == cluster.east.wiring.db.node
    )
    unit = db.unit(tenant)
    unit.update(LINKS, (row.station_id,), seen=row.version, is_online=True, node=1_000_000)
    await unit.commit()

    async def offline() -> bool:
        rows = await db.across_tenants(LINKS.select().where(LINKS.c.node == 1_000_000))
        return not rows[0].is_online and rows[0].version == row.version + 2

    await until(offline, 30)
    assert (await db.unit(PROVIDER).all(LINKS.select())) == []


async def test_a_process_without_stations_does_not_gather_for_its_commits(cluster: Cluster) -> None:
    """Who sends a command waits for two of them, one after the other."""
    assert cluster.web.wiring.db._writer.interval_s < cluster.east.wiring.db._writer.interval_s


async def test_each_process_says_how_it_is(cluster: Cluster) -> None:
    for one in (cluster.east, cluster.web, cluster.worker):
        answer = await cluster.api.get(f"{one.web_url}/health/ready")
        assert answer.status_code == 200
        assert answer.json()["checks"] == {"database": "ok", "writer": "ok", "bus": "ok", "stations": "ok"}
    answer = await cluster.api.get(f"{cluster.east.web_url}/api/v1/stations")
    assert answer.status_code == 404
