"""What a station's request is answered with: faults, acceptance, repetitions, trouble of our own (RULES 2)."""

import asyncio
import json
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest
from sqlalchemy import select
from tests.gateway.conftest import Register
from tests.gateway.raw import TEXT, RawWire
from tests.running import now, station, until

from ocpp_css.app.running import Service
from ocpp_css.gateway.messages import MESSAGES
from ocpp_css.ocpp import v16
from ocpp_css.ocpp.routing import Route
from ocpp_css.storage import Outcome, database

pytestmark = pytest.mark.anyio
STATUS = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}
BOOT_2X = {"reason": "PowerUp", "chargingStation": {"vendorName": "V", "model": "M"}}

FAULTS: list[tuple[str, dict[str, Any], tuple[str, str]]] = [
    ("unknown action", {"1.6": ("Nonsense", {}), "2.x": ("Nonsense", {})}, ("NotImplemented", "NotImplemented")),
    (
        "sent the wrong way",
        {"1.6": ("Reset", {"type": "Soft"}), "2.x": ("Reset", {"type": "Immediate"})},
        ("NotSupported", "NotSupported"),
    ),
    (
        "member missing",
        {"1.6": ("StatusNotification", {"connectorId": 1}), "2.x": ("StatusNotification", {"evseId": 1})},
        ("ProtocolError", "OccurrenceConstraintViolation"),
    ),
    (
        "too few items",
        {
            "1.6": ("MeterValues", {"connectorId": 1, "meterValue": []}),
            "2.x": ("MeterValues", {"evseId": 1, "meterValue": []}),
        },
        ("OccurenceConstraintViolation", "OccurrenceConstraintViolation"),
    ),
    (
        "wrong type",
        {"1.6": ("StatusNotification", STATUS | {"connectorId": "x"}), "2.x": ("Heartbeat", [])},
        ("TypeConstraintViolation", "TypeConstraintViolation"),
    ),
    (
        "unknown enum",
        {
            "1.6": ("StatusNotification", STATUS | {"status": "Sleeping"}),
            "2.x": ("BootNotification", BOOT_2X | {"reason": "Bored"}),
        },
        ("PropertyConstraintViolation", "PropertyConstraintViolation"),
    ),
    (
        "too long",
        {
            "1.6": ("Authorize", {"idTag": "x" * 21}),
            "2.x": ("Authorize", {"idToken": {"idToken": "x" * 256, "type": "Central"}}),
        },
        ("PropertyConstraintViolation", "PropertyConstraintViolation"),
    ),
    (
        "no date",
        {
            "1.6": ("StatusNotification", STATUS | {"timestamp": "yesterday"}),
            "2.x": ("SecurityEventNotification", {"type": "X", "timestamp": "yesterday"}),
        },
        ("PropertyConstraintViolation", "PropertyConstraintViolation"),
    ),
    (
        "unknown member",
        {"1.6": ("Heartbeat", {"extra": 1}), "2.x": ("Heartbeat", {"extra": 1})},
        ("FormationViolation", "FormatViolation"),
    ),
]
"""Name; action and payload by family; the codes of 1.6 and of 2.x."""


@pytest.mark.trust("A32")
@pytest.mark.parametrize("version", ["1.6", "2.0.1", "2.1"])
async def test_each_fault_of_a_payload_gets_its_code(service: Service, register: Register, version: str) -> None:
    family = "1.6" if version == "1.6" else "2.x"
    async with station(service, await register(), version) as wire:
        await wire.boot()
        for name, calls, codes in FAULTS:
            action, payload = calls[family]
            frame = await wire.call(action, payload)
            assert (frame[0], frame[2]) == (4, codes[0 if family == "1.6" else 1]), name
            assert len(frame) == 5
        assert (await wire.call("Heartbeat", {}))[0] == 3


@pytest.mark.trust("A32")
async def test_a_vendors_data_is_kept_and_its_vendor_unknown(
    service: Service, register: Register, api: httpx.AsyncClient
) -> None:
    identity = await register()
    async with station(service, identity) as wire:
        await wire.boot()
        answer = await wire.ask("DataTransfer", {"vendorId": "V", "messageId": "m", "data": "x" * 1_000_000})
        assert answer == {"status": "UnknownVendorId"}
    found = (await api.get(f"/stations/{identity}/messages", params={"action": "DataTransfer"})).json()["items"]
    assert len(found[1]["payload"]["data"]) == 1_000_000


@pytest.mark.trust("A31")
@pytest.mark.parametrize("version", ["1.6", "2.0.1", "2.1"])
async def test_who_was_never_accepted_may_only_boot(service: Service, register: Register, version: str) -> None:
    async with station(service, await register(), version) as wire:
        assert (await wire.call("Heartbeat", {}))[2] == "SecurityError"
        event = {"timestamp": now(), "type": "StartupOfTheDevice"}
        assert (await wire.call("SecurityEventNotification", event))[2] == "SecurityError"
        assert (await wire.call("DataTransfer", {"vendorId": "V"}))[2] == "SecurityError"
        assert (await wire.boot())["status"] == "Accepted"
        assert (await wire.call("Heartbeat", {}))[0] == 3


@pytest.mark.trust("A31")
@pytest.mark.parametrize("status", ["Pending", "Rejected"])
async def test_pending_and_rejected_stations_are_told_to_come_again(
    service: Service, register: Register, api: httpx.AsyncClient, status: str
) -> None:
    identity = await register(registration_status=status)
    async with station(service, identity) as wire:
        answer = await wire.boot()
        assert (answer["status"], answer["interval"]) == (status, 60)
        start = {"connectorId": 1, "idTag": "T", "meterStart": 0, "timestamp": now()}
        assert (await wire.call("StartTransaction", start))[2] == "SecurityError"
        assert (await wire.call("Heartbeat", {}))[2] == "SecurityError"
    assert (await api.get("/transactions", params={"station": identity})).json()["items"] == []


@pytest.mark.trust("A31")
async def test_acceptance_is_taken_back_at_once_and_given_again(
    service: Service, register: Register, api: httpx.AsyncClient
) -> None:
    identity = await register()
    async with station(service, identity) as wire:
        await wire.boot()
        await api.patch(f"/stations/{identity}", json={"registration_status": "Rejected"})
        assert (await wire.call("Heartbeat", {}))[2] == "SecurityError"
        assert (await wire.boot())["status"] == "Rejected"
        await api.patch(f"/stations/{identity}", json={"registration_status": "Accepted"})
        assert (await wire.boot())["status"] == "Accepted"
        assert (await wire.call("Heartbeat", {}))[0] == 3


@pytest.mark.trust("A31")
@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
async def test_a_pending_station_of_2_x_may_send_what_it_was_asked_for(
    service: Service, register: Register, api: httpx.AsyncClient, version: str
) -> None:
    identity = await register(registration_status="Pending")
    status = {"timestamp": now(), "connectorStatus": "Available", "evseId": 1, "connectorId": 1}
    report = {"requestId": 1, "generatedAt": now(), "seqNo": 0}
    async with station(service, identity, version) as wire:
        await wire.boot()
        assert (await wire.call("StatusNotification", status))[2] == "SecurityError"
        assert (await wire.call("NotifyReport", report))[2] == "SecurityError"
        for action, payload in (
            ("TriggerMessage", {"requestedMessage": "StatusNotification", "evse": {"id": 1, "connectorId": 1}}),
            ("GetBaseReport", {"requestId": 1, "reportBase": "FullInventory"}),
            ("TriggerMessage", {"requestedMessage": "SignChargingStationCertificate"}),
        ):
            body = {"action": action, "payload": payload}
            asked = asyncio.create_task(api.post(f"/stations/{identity}/commands", json=body))
            await wire.answer({"status": "Accepted"})
            assert (await asked).json()["status"] == "answered"
        assert (await wire.call("StatusNotification", status))[0] == 3
        assert (await wire.call("NotifyReport", report))[0] == 3
        assert (await wire.call("SignCertificate", {"csr": "x"}))[0] == 3
        assert (await wire.call("Heartbeat", {}))[2] == "SecurityError"
    async with station(service, identity, version) as wire:
        assert (await wire.call("NotifyReport", report))[2] == "SecurityError"


@pytest.mark.trust("A31")
async def test_calls_behind_an_unanswered_boot_wait_for_it(service: Service, register: Register) -> None:
    """CONFORMANCE 2.8: a station pipelines; in order, and only after the acceptance is stored."""
    raw = await RawWire.open(service, f"/ocpp/{await register()}")
    raw.send(TEXT, b'[2,"1","BootNotification",{"chargePointVendor":"V","chargePointModel":"M"}]')
    raw.send(TEXT, b'[2,"2","StatusNotification",%s]' % json.dumps(STATUS).encode())
    raw.send(TEXT, b'[2,"3","Heartbeat",{}]')
    answers = [json.loads((await raw.receive())[1]) for _ in range(3)]
    assert [(frame[0], frame[1]) for frame in answers] == [(3, "1"), (3, "2"), (3, "3")]


async def test_acceptance_outlives_a_reconnect(service: Service, register: Register) -> None:
    identity = await register()
    async with station(service, identity) as wire:
        await wire.boot()
    async with station(service, identity) as wire:
        assert (await wire.call("StatusNotification", STATUS))[0] == 3


async def rows_of(service: Service, identity: str) -> list[Any]:
    tenant = next(c for c in service.hub.connections.values() if c.station.identity == identity).station.tenant
    unit = service.wiring.db.unit(tenant)
    number = next(c for c in service.hub.connections.values() if c.station.identity == identity).station.station_id
    return list(await unit.all(select(MESSAGES).where(MESSAGES.c.station_id == number).order_by(MESSAGES.c.id)))


@pytest.mark.trust("A26")
async def test_a_repetition_gets_the_same_answer_and_is_not_handled_again(service: Service, register: Register) -> None:
    identity = await register()
    async with station(service, identity) as wire:
        await wire.boot()
        frames = [await wire.call("DataTransfer", {"vendorId": "V"}, "same") for _ in range(3)]
        assert frames[0] == frames[1] == frames[2]
        assert [row.action for row in await rows_of(service, identity)] == ["BootNotification", "DataTransfer"]
        before = service.hub.counts["reused_message_id"]
        other = await wire.call("DataTransfer", {"vendorId": "W"}, "same")
        assert other[0] == 3, other
        assert service.hub.counts["reused_message_id"] == before + 1
        assert len(await rows_of(service, identity)) == 3


@pytest.mark.trust("A27")
async def test_answers_to_nothing_are_dropped(service: Service, register: Register) -> None:
    async with station(service, await register()) as wire:
        await wire.boot()
        before = service.hub.counts["foreign_answer"]
        await wire.send([3, "nobody-1", {}])
        await wire.send([4, "nobody-1", "GenericError", "", {}])
        assert (await wire.call("Heartbeat", {}))[0] == 3
        assert service.hub.counts["foreign_answer"] == before + 2


async def test_a_handler_that_breaks_is_an_internal_error_and_the_connection_lives(
    service: Service, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_context: Any, _request: Any) -> Any:
        await asyncio.sleep(0)
        raise RuntimeError("a secret text")

    identity = await register()
    async with station(service, identity) as wire:
        await wire.boot()
        monkeypatch.setitem(service.hub.dispatcher.routes["1.6"], "DataTransfer", Route(v16.DATA_TRANSFER, broken))  # type: ignore[arg-type]
        frame = await wire.call("DataTransfer", {"vendorId": "V"})
        assert frame[:3] == [4, "m2", "InternalError"]
        assert "secret" not in json.dumps(frame)
        monkeypatch.undo()
        assert (await wire.call("DataTransfer", {"vendorId": "V"}))[0] == 3
        assert [row.error and row.error["code"] for row in await rows_of(service, identity)] == [
            None,
            "InternalError",
            None,
        ]


async def test_what_cannot_be_stored_is_an_internal_error_and_ends_the_connection(
    service: Service, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_given: Any) -> None:
        raise OSError("disk full")

    identity = await register()
    async with station(service, identity) as wire:
        await wire.boot()
        with monkeypatch.context() as away:
            away.setattr(service.wiring.db._writer, "_attempt", fail)
            frame = await wire.call("DataTransfer", {"vendorId": "V"})
            assert frame[:3] == [4, "m2", "InternalError"]
            await asyncio.wait_for(wire.socket.wait_closed(), 10)
            assert wire.socket.close_code == 1012
    async with station(service, identity) as wire:
        assert (await wire.call("DataTransfer", {"vendorId": "V"}))[0] == 3


async def test_a_value_that_no_database_holds_is_refused_and_the_station_goes_on(
    service: Service, register: Register
) -> None:
    async with station(service, await register()) as wire:
        await wire.boot()
        frame = await wire.call("StatusNotification", STATUS | {"connectorId": 10**30})
        assert (frame[0], frame[2]) == (4, "PropertyConstraintViolation")
        assert (await wire.call("StatusNotification", STATUS))[0] == 3


async def test_who_loses_against_another_writer_runs_again(
    service: Service, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = 0

    async def racing(context: Any, _request: Any) -> v16.DataTransferResponse:
        nonlocal runs
        runs += 1
        assert context.unit.retry is (runs > 1)
        if runs < 3:
            from ocpp_css.charging.tokens.store import TOKENS

            context.unit.update(TOKENS, (404,), seen=1, note="x")
        return v16.DataTransferResponse(status="Accepted")

    identity = await register()
    async with station(service, identity) as wire:
        await wire.boot()
        monkeypatch.setitem(service.hub.dispatcher.routes["1.6"], "DataTransfer", Route(v16.DATA_TRANSFER, racing))  # type: ignore[arg-type]
        assert await wire.ask("DataTransfer", {"vendorId": "V"}) == {"status": "Accepted"}
        assert runs == 3
        assert len(await rows_of(service, identity)) == 2


async def test_memory_is_not_ahead_of_the_database(
    service: Service, register: Register, api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A status whose commit failed is told again when it is sent again: nobody believed it meanwhile."""
    identity = await register()
    async with station(service, identity) as wire:
        await wire.boot()
        real = service.wiring.db._writer._attempt

        def fail(batch: Any) -> Any:
            if any(unit.station for unit in batch.units):
                raise OSError("away")
            return real(batch)

        with monkeypatch.context() as away:
            away.setattr(service.wiring.db._writer, "_attempt", fail)
            assert (await wire.call("StatusNotification", STATUS | {"status": "Charging"}))[2] == "InternalError"
            await asyncio.wait_for(wire.socket.wait_closed(), 10)
    async with station(service, identity) as wire:
        await wire.ask("StatusNotification", STATUS | {"status": "Charging"})

        async def shown() -> Any:
            found = (await api.get(f"/stations/{identity}")).json()
            return found["evses"] and found["evses"][0]["connectors"][0]["status"]

        assert await until(shown) == "Charging"


async def test_a_send_of_2_1_is_not_answered(service: Service, register: Register) -> None:
    async with station(service, await register(), "2.1") as wire:
        await wire.boot()
        await wire.send([6, "s1", "NotifyPeriodicEventStream", {"id": 1, "pending": 0, "basetime": now(), "data": []}])
        await wire.send([6, "s2", "Nonsense", {}])
        await wire.send([6, "s3", "Heartbeat", {}])
        frame = await wire.call("NotifyPeriodicEventStream", {"id": 1})
        assert (frame[0], frame[1]) == (4, "m2")


async def test_an_id_with_quotes_comes_back_as_it_went(service: Service, register: Register) -> None:
    async with station(service, await register()) as wire:
        await wire.boot()
        for message_id in ('a"b', "a\\b", "ü\u2028\t", "\x7f"):
            assert (await wire.call("Heartbeat", {}, message_id))[:2] == [3, message_id]


def test_outcomes_are_all_known_to_the_dispatcher() -> None:
    assert {outcome.name for outcome in Outcome} == {"COMMITTED", "STALE", "DUPLICATE", "FENCED", "FAILED", "UNFIT"}


async def test_heartbeats_are_kept_where_the_station_says_so(
    service: Service, register: Register, api: httpx.AsyncClient
) -> None:
    identity = await register()
    async with station(service, identity) as wire:
        await wire.boot()
        await wire.ask("Heartbeat", {})
        await api.patch(f"/stations/{identity}", json={"log_heartbeats": True})
        await wire.ask("Heartbeat", {})
        assert [row.action for row in await rows_of(service, identity)] == ["BootNotification", "Heartbeat"]


async def test_requests_wait_as_they_came_while_the_next_commit_is_full(
    service: Service, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Heartbeat is answered all the same; what was held is begun and answered when the writer goes on."""
    assert service.hub is not None
    dispatcher, db = service.hub.dispatcher, service.wiring.db
    async with AsyncExitStack() as stack:
        wires = [await stack.enter_async_context(station(service, await register())) for _ in range(9)]
        for wire in wires:
            await wire.boot()
        beating, *others = wires
        with monkeypatch.context() as patch:
            patch.setattr(database, "MAX_BATCH", 3)
            patch.setattr(db._writer, "_next", list)
            for wire in others:
                await wire.send([2, "held", "DataTransfer", {"vendorId": "V"}])

            async def all_are_in_work() -> bool:
                return dispatcher.in_work == len(others)

            await until(all_are_in_work)
            assert len(dispatcher._held) >= len(others) - 3
            await beating.ask("Heartbeat", {})
            assert dispatcher.in_work == len(others)
        db._writer.wake(1)
        assert [await wire.receive() for wire in others] == [[3, "held", {"status": "UnknownVendorId"}]] * len(others)
    assert dispatcher.in_work == 0
