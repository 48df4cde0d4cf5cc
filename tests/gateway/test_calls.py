"""Calls to stations: one open at a time, each with exactly one end, nothing delivered twice (TRUST A27 to A29)."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import httpx
import pytest
from tests.gateway.conftest import Register
from tests.gateway.raw import TEXT, RawWire
from tests.running import station, until

from ocpp_css.app.running import Service
from ocpp_css.gateway import link
from ocpp_css.kit.clock import rfc3339, system_clock

pytestmark = pytest.mark.anyio
SOFT = {"action": "Reset", "payload": {"type": "Soft"}}


def send(api: httpx.AsyncClient, identity: str, **body: Any) -> "asyncio.Task[httpx.Response]":
    return asyncio.create_task(api.post(f"/stations/{identity}/commands", json={**SOFT, **body}))


@pytest.mark.requirement("CS-6")
async def test_a_command_is_answered_with_what_the_station_says(
    service: Service, register: Register, api: httpx.AsyncClient
) -> None:
    identity = await register()
    async with station(service, identity) as wire:
        await wire.boot()
        for verdict in ("Accepted", "Rejected"):
            asked = send(api, identity)
            assert await wire.answer({"status": verdict}) == ("Reset", {"type": "Soft"})
            answer = await asked
            assert answer.status_code == 200
            shown = answer.json()
            assert (shown["status"], shown["response"]) == ("answered", {"status": verdict})
            assert (await api.get(f"/commands/{shown['command_id']}")).json()["status"] == "answered"


async def test_a_command_goes_out_compactly_in_the_order_of_the_schema(
    service: Service, register: Register, api: httpx.AsyncClient
) -> None:
    identity = await register()
    raw = await RawWire.open(service, f"/ocpp/{identity}")
    raw.send(TEXT, b'[2,"b","BootNotification",{"chargePointVendor":"V","chargePointModel":"M"}]')
    await raw.receive()
    payload = {
        "updateType": "Full",
        "localAuthorizationList": [{"idTagInfo": {"status": "Accepted"}, "idTag": "T"}],
        "listVersion": 1,
    }
    asked = send(api, identity, action="SendLocalList", payload=payload)
    _, frame = await raw.receive()
    assert frame.endswith(
        b'"SendLocalList",{"listVersion":1,"localAuthorizationList":[{"idTag":"T","idTagInfo":{"status":"Accepted"}}],"updateType":"Full"}]'
    )
    raw.send(TEXT, json.dumps([3, json.loads(frame)[1], {"status": "Accepted"}]).encode())
    assert (await asked).json()["status"] == "answered"


@pytest.mark.trust("A33")
@pytest.mark.parametrize(
    ("action", "payload", "code"),
    [
        ("Nonsense", {}, "action_unknown"),
        ("Heartbeat", {}, "action_unknown"),
        ("Reset", {"type": "Sideways"}, "payload_invalid"),
        ("Reset", {}, "payload_invalid"),
        ("Reset", {"type": "Soft", "extra": 1}, "payload_invalid"),
    ],
)
async def test_what_breaks_the_schema_never_goes_out(
    service: Service, register: Register, api: httpx.AsyncClient, action: str, payload: dict[str, Any], code: str
) -> None:
    identity = await register()
    async with station(service, identity) as wire:
        await wire.boot()
        answer = await send(api, identity, action=action, payload=payload)
        assert (answer.status_code, answer.json()["code"]) == (422, code)
        assert (await wire.call("Heartbeat", {}))[0] == 3


@pytest.mark.requirement("USE-8")
async def test_who_sent_a_command_is_entered_before_it_goes_out(
    service: Service, register: Register, api: httpx.AsyncClient
) -> None:
    """Whatever the way it is sent, and whatever becomes of it."""
    identity = await register()
    async with station(service, identity) as wire:
        await wire.boot()
        asked = send(api, identity)
        _, message_id, *_ = await wire.receive()
        (entry,) = (await api.get(f"/audit?action=command.send&subject={identity}")).json()["items"]
        assert entry["after"]["action"] == "Reset"
        await wire.send([3, message_id, {"status": "Accepted"}])
        assert (await asked).json()["command_id"] == entry["after"]["command"]
    await api.post(f"/ChargePoint/{identity}/ClearCache", json={})
    await api.post(f"/stations/{identity}/start", json={"id_token": "T1"})
    found = (await api.get(f"/audit?action=command.send&subject={identity}")).json()["items"]
    assert [one["after"]["action"] for one in found] == ["RemoteStartTransaction", "ClearCache", "Reset"]


async def test_a_call_error_is_told_as_it_came(service: Service, register: Register, api: httpx.AsyncClient) -> None:
    identity = await register()
    async with station(service, identity) as wire:
        await wire.boot()
        asked = send(api, identity)
        _, message_id, *_ = await wire.receive()
        await wire.send([4, message_id, "Busy", "not now", {"a": 1}])
        shown = (await asked).json()
    assert (shown["status"], shown["error_code"], shown["error_description"]) == ("error", "Busy", "not now")
    assert shown["error_details"] == {"a": 1}


@pytest.mark.trust("A28")
@pytest.mark.parametrize("version", ["1.6", "2.0.1", "2.1"])
@pytest.mark.parametrize("wrong", [{"status": "Perhaps"}, {}, [], "Accepted", {"status": "Accepted", "more": 1}])
async def test_an_answer_that_breaks_the_schema_ends_the_command(
    service: Service, register: Register, api: httpx.AsyncClient, version: str, wrong: Any
) -> None:
    identity = await register()
    async with station(service, identity, version) as wire:
        await wire.boot()
        asked = send(api, identity, payload={"type": "Soft" if version == "1.6" else "Immediate"})
        _, message_id, *_ = await wire.receive()
        await wire.send([3, message_id, wrong])
        assert (await asked).json()["status"] == "invalid_response"
        if version == "2.1":
            assert (await wire.receive())[:3] == [5, message_id, "FormatViolation"]
        assert (await wire.call("Heartbeat", {}))[0] == 3


@pytest.mark.trust("A29")
async def test_a_station_that_never_answers_costs_one_time_out_and_the_next_goes(
    service: Service, register: Register, api: httpx.AsyncClient
) -> None:
    identity = await register()
    async with station(service, identity) as wire:
        await wire.boot()
        asked = send(api, identity, timeout_s=1)
        _, late, *_ = await wire.receive()
        following = send(api, identity, action="ClearCache", payload={})
        assert (await asked).json()["status"] == "timeout"
        _, message_id, action, _ = await wire.receive()
        assert action == "ClearCache"
        await wire.send([3, late, {"status": "Rejected"}])
        await wire.send([3, message_id, {"status": "Accepted"}])
        assert (await following).json()["response"] == {"status": "Accepted"}


async def test_one_call_is_open_at_a_time_and_they_keep_their_order(
    service: Service, register: Register, api: httpx.AsyncClient
) -> None:
    identity = await register()
    async with station(service, identity) as wire:
        await wire.boot()
        hub = service.hub
        asked = []
        connection = next(c for c in hub.connections.values() if c.station.identity == identity)
        for key in range(5):
            asked.append(send(api, identity, action="GetConfiguration", payload={"key": [str(key)]}))

            async def arrived(number: int = key) -> bool:
                return connection.session._count == number + 1

            await until(arrived)
        for key in range(5):
            _, message_id, _, payload = await wire.receive()
            assert payload == {"key": [str(key)]}
            with pytest.raises(TimeoutError):
                await wire.receive(0.01)
            await wire.send([3, message_id, {}])
        assert [(await answer).json()["status"] for answer in asked] == ["answered"] * 5


async def test_calls_of_both_sides_may_be_open_together(
    service: Service, register: Register, api: httpx.AsyncClient
) -> None:
    identity = await register()
    async with station(service, identity) as wire:
        await wire.boot()
        asked = send(api, identity)
        _, message_id, *_ = await wire.receive()
        for _ in range(3):
            assert (await wire.call("Heartbeat", {}))[0] == 3
        await wire.send([3, message_id, {"status": "Accepted"}])
        assert (await asked).json()["status"] == "answered"


async def test_more_calls_than_can_wait_are_told_busy(
    service: Service, register: Register, api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ocpp_css.ocpp.session.MAX_WAITING_OUT", 1)
    identity = await register()
    async with station(service, identity) as wire:
        await wire.boot()
        first = send(api, identity)
        _, message_id, *_ = await wire.receive()
        connection = next(c for c in service.hub.connections.values() if c.station.identity == identity)
        second = send(api, identity)

        async def waits() -> bool:
            return bool(connection.session._waiting_out)

        await until(waits)
        assert (await send(api, identity)).json()["status"] == "busy"
        await wire.send([3, message_id, {"status": "Accepted"}])
        await wire.answer({"status": "Accepted"})
        assert [(await first).json()["status"], (await second).json()["status"]] == ["answered", "answered"]


async def test_an_offline_station_is_told_at_once(service: Service, register: Register, api: httpx.AsyncClient) -> None:
    assert (await send(api, await register())).json()["status"] == "offline"
    assert (await send(api, "NOBODY")).status_code == 404


async def test_a_call_that_nobody_waits_for_any_more_does_not_go_out(
    service: Service, register: Register, api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The caller was told `timeout` while the call stood behind another: the station must not do it later."""
    monkeypatch.setattr(link, "GRACE_S", -1.5)
    identity = await register()
    async with station(service, identity) as wire:
        await wire.boot()
        first = send(api, identity, timeout_s=30)
        _, message_id, *_ = await wire.receive()
        assert (await send(api, identity, action="ClearCache", payload={}, timeout_s=1)).json()["status"] == "timeout"
        await wire.send([3, message_id, {"status": "Accepted"}])
        assert (await first).json()["status"] == "answered"
        third = send(api, identity, action="GetConfiguration", payload={})
        assert (await wire.answer({}))[0] == "GetConfiguration"
        assert (await third).json()["status"] == "answered"


# --- waiting for a station -------------------------------------------------------------------------------------------


async def test_what_waits_is_delivered_in_order_when_the_station_comes(
    service: Service, register: Register, api: httpx.AsyncClient
) -> None:
    identity = await register()
    waiting = []
    for key in range(3):
        answer = await send(api, identity, action="GetConfiguration", payload={"key": [str(key)]}, queue=True)
        assert answer.json()["status"] == "queued"
        waiting.append(answer.json()["command_id"])
    async with station(service, identity) as wire:
        for key in range(3):
            assert await wire.answer({"unknownKey": [str(key)]}) == ("GetConfiguration", {"key": [str(key)]})
        for key, number in enumerate(waiting):

            async def ended(number: str = number) -> Any:
                shown = (await api.get(f"/commands/{number}")).json()
                return shown["status"] != "sent" and shown

            shown = await until(ended)
            assert (shown["status"], shown["response"]) == ("answered", {"unknownKey": [str(key)]})


async def test_a_queued_command_for_a_station_that_is_there_goes_at_once(
    service: Service, register: Register, api: httpx.AsyncClient
) -> None:
    identity = await register()
    async with station(service, identity) as wire:
        await wire.boot()
        asked = send(api, identity, queue=True)
        await wire.answer({"status": "Accepted"})
        assert (await asked).json()["status"] == "answered"


async def test_a_queued_command_waits_on_when_the_station_went_meanwhile(
    service: Service, register: Register, api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    identity = await register()
    async with station(service, identity) as wire:
        await wire.boot()

        async def gone(*_given: Any) -> link.CallResult:
            return link.CallResult(status="offline")

        with monkeypatch.context() as patch:
            patch.setattr(service.wiring.link, "call", gone)
            answer = await send(api, identity, queue=True)
        assert answer.json()["status"] == "queued"
    async with station(service, identity) as wire:
        assert (await wire.answer({"status": "Accepted"}))[0] == "Reset"


async def test_the_rest_waits_when_the_station_goes_in_the_middle(
    service: Service, register: Register, api: httpx.AsyncClient
) -> None:
    identity = await register()
    waiting = []
    for key in range(3):
        payload = {"key": str(key), "value": "1"}
        answer = await send(api, identity, action="ChangeConfiguration", payload=payload, queue=True)
        waiting.append(answer.json()["command_id"])
    async with station(service, identity) as wire:
        assert (await wire.receive())[3]["key"] == "0"

    async def is_lost() -> bool:
        return bool((await api.get(f"/commands/{waiting[0]}")).json()["status"] == "lost")

    async with station(service, identity) as wire:
        assert [(await wire.answer({"status": "Accepted"}))[1]["key"] for _ in range(2)] == ["1", "2"]
        assert await until(is_lost)


async def test_a_command_whose_time_is_over_is_not_delivered(
    service: Service, register: Register, api: httpx.AsyncClient
) -> None:
    identity = await register()
    soon = rfc3339(system_clock() + timedelta(milliseconds=30))
    late = (await send(api, identity, queue=True, expires_at=soon)).json()["command_id"]
    good = (await send(api, identity, action="ClearCache", payload={}, queue=True)).json()["command_id"]

    async def is_over() -> bool:
        return rfc3339(system_clock()) > soon

    await until(is_over)
    async with station(service, identity) as wire:
        assert (await wire.answer({"status": "Accepted"}))[0] == "ClearCache"

        async def ended() -> Any:
            found = [(await api.get(f"/commands/{number}")).json()["status"] for number in (late, good)]
            return "sent" not in found and found

        assert await until(ended) == ["expired", "answered"]


async def test_a_waiting_command_can_be_taken_back(
    service: Service, register: Register, api: httpx.AsyncClient
) -> None:
    identity = await register()
    number = (await send(api, identity, queue=True)).json()["command_id"]
    assert (await api.delete(f"/commands/{number}")).json()["status"] == "cancelled"
    assert (await api.delete(f"/commands/{number}")).status_code == 409
    await send(api, identity, action="ClearCache", payload={}, queue=True)
    async with station(service, identity) as wire:
        assert (await wire.answer({"status": "Accepted"}))[0] == "ClearCache"


async def test_a_waiting_command_survives_the_service(tmp_path_factory: pytest.TempPathFactory) -> None:
    from tests.running import api_of, whole_service

    data = tmp_path_factory.mktemp("restart")
    async with whole_service(data) as service, await api_of(service) as client:
        await client.post("/stations", json={"identity": "CP"})
        queued = (await send(client, "CP", queue=True)).json()["command_id"]
        async with station(service, "CP") as wire:
            await wire.receive()
        again = (await send(client, "CP", action="ClearCache", payload={}, queue=True)).json()["command_id"]
    async with whole_service(data) as service, await api_of(service) as client:
        assert (await client.get(f"/commands/{queued}")).json()["status"] == "lost"
        async with station(service, "CP") as wire:
            assert (await wire.answer({"status": "Accepted"}))[0] == "ClearCache"

            async def ended() -> bool:
                return bool((await client.get(f"/commands/{again}")).json()["status"] == "answered")

            assert await until(ended)


async def test_id_tokens_stand_in_no_row_and_in_every_answer(
    service: Service, register: Register, api: httpx.AsyncClient
) -> None:
    from ocpp_css.charging.commands.store import COMMANDS
    from ocpp_css.gateway.messages import MESSAGES

    identity = await register()
    async with station(service, identity) as wire:
        await wire.boot()
        asked = send(api, identity, action="RemoteStartTransaction", payload={"idTag": "VERY-SECRET-TAG"})
        assert (await wire.answer({"status": "Accepted"}))[1] == {"idTag": "VERY-SECRET-TAG"}
        shown = (await asked).json()
    assert shown["payload"] == {"idTag": "VERY-SECRET-TAG"}
    db = service.wiring.db
    for table in (COMMANDS, MESSAGES):
        for row in await db.across_tenants(table.select()):
            assert "VERY-SECRET-TAG" not in str(row)
    log = (await api.get(f"/stations/{identity}/messages", params={"action": "RemoteStartTransaction"})).json()["items"]
    assert log[1]["payload"] == {"idTag": "VERY-SECRET-TAG"}
