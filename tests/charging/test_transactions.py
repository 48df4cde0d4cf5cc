"""Transactions over the wire: never lost, doubled or mixed up; what is doubtful goes to a person (TRUST A34 to A45)."""

import itertools
import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.gateway.conftest import Register
from tests.gateway.raw import TEXT, RawWire
from tests.running import api_of, now, station, whole_service

from ocpp_css.app.running import Service
from ocpp_css.charging.transactions.pages.curves import curves
from ocpp_css.charging.transactions.service import queries
from ocpp_css.gateway import limits
from ocpp_css.storage import Unit
from ocpp_css.storage.tables import FACTS

pytestmark = pytest.mark.anyio
_names = itertools.count(1)


def start_of(token: str = "NOBODY", **changes: Any) -> dict[str, Any]:
    return {"connectorId": 1, "idTag": token, "meterStart": 100, "timestamp": now(), **changes}


def stop_of(number: int, **changes: Any) -> dict[str, Any]:
    return {"transactionId": number, "meterStop": 1100, "timestamp": now(), **changes}


def event_of(kind: str, number: int, wire_id: str = "T-1", **changes: Any) -> dict[str, Any]:
    return {
        "eventType": kind,
        "timestamp": now(),
        "triggerReason": "ChargingStateChanged",
        "seqNo": number,
        "transactionInfo": {"transactionId": wire_id},
        **changes,
    }


def metered(wh: Any, unit: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    sampled = {"value": wh} if unit is None else {"value": wh, "unitOfMeasure": unit}
    return [{"timestamp": now(), "sampledValue": [sampled]}]


async def new_token(api: httpx.AsyncClient, **body: Any) -> str:
    name = f"Tag{next(_names)}"
    answer = await api.post("/tokens", json={"id_token": name, **body})
    assert answer.status_code == 201, answer.text
    return name


async def found(api: httpx.AsyncClient, identity: str) -> list[dict[str, Any]]:
    items = (await api.get("/transactions", params={"station": identity, "limit": 500})).json()["items"]
    return list(reversed(items))


async def review(api: httpx.AsyncClient, identity: str) -> list[dict[str, Any]]:
    return list(reversed((await api.get("/review", params={"station": identity})).json()["items"]))


# --- 1.6: start and stop ---------------------------------------------------------------------------------------------


@pytest.mark.trust("A34")
@pytest.mark.parametrize("with_new_ids", [False, True])
async def test_a_repeated_start_is_one_transaction_with_one_answer(
    service: Service, register: Register, api: httpx.AsyncClient, with_new_ids: bool
) -> None:
    identity, token = await register(), await new_token(api, max_concurrent=1, group_id="G")
    start = start_of(token)
    async with station(service, identity) as wire:
        await wire.boot()
        answers = [(await wire.call("StartTransaction", start, None if with_new_ids else "same"))[2] for _ in range(3)]
    async with station(service, identity) as wire:
        answers.append(await wire.ask("StartTransaction", start))
        await wire.ask("StopTransaction", stop_of(answers[0]["transactionId"]))
        answers.append(await wire.ask("StartTransaction", start))
    assert all(answer == answers[0] for answer in answers)
    assert answers[0]["idTagInfo"] == {"parentIdTag": "G", "status": "Accepted"}
    assert [t["state"] for t in await found(api, identity)] == ["ended"]


@pytest.mark.trust("A34")
async def test_a_start_repeated_after_a_restart_is_still_one(tmp_path: Path) -> None:
    start = start_of()
    answers = []
    for _ in range(3):
        async with whole_service(tmp_path) as service, await api_of(service) as client:
            await client.post("/stations", json={"identity": "CP"})
            async with station(service, "CP") as wire:
                await wire.boot()
                answers.append(await wire.ask("StartTransaction", start))
    assert answers[0] == answers[1] == answers[2]


@pytest.mark.trust("A34")
async def test_starts_that_differ_are_several(service: Service, register: Register, api: httpx.AsyncClient) -> None:
    identity = await register()
    at = now()
    starts = [
        start_of("A", timestamp=at), start_of("B", timestamp=at), start_of("A", timestamp=at, meterStart=101),
        start_of("A", timestamp=at, connectorId=2), start_of("A", timestamp="2026-01-01T00:00:00Z"),
    ]  # fmt: skip
    async with station(service, identity) as wire:
        await wire.boot()
        numbers = [(await wire.ask("StartTransaction", start))["transactionId"] for start in starts]
    assert len(set(numbers)) == 5
    assert all(0 < number < 1 << 31 for number in numbers)


@pytest.mark.trust("A35")
async def test_a_repeated_stop_is_answered_the_same_and_counts_once(
    service: Service, register: Register, api: httpx.AsyncClient
) -> None:
    identity, token = await register(), await new_token(api)
    told: list[Any] = []
    cancel = service.wiring.bus.subscribe("facts.*", lambda _topic, fact: told.append(fact))
    async with station(service, identity) as wire:
        await wire.boot()
        number = (await wire.ask("StartTransaction", start_of(token)))["transactionId"]
        stop = stop_of(number, idTag=token)
        for n in range(50):
            await wire.send([2, f"s{n}", "StopTransaction", stop])
        answers = [await wire.receive() for _ in range(50)]
    async with station(service, identity) as wire:
        answers.append(await wire.call("StopTransaction", stop))
    cancel()
    assert {json.dumps(answer[2]) for answer in answers} == {'{"idTagInfo": {"status": "Accepted"}}'}
    assert len([fact for fact in told if fact["kind"] == "transaction.stopped"]) == 1
    assert [(t["energy_wh"], t["state"]) for t in await found(api, identity)] == [(1000, "ended")]


@pytest.mark.trust("A35")
async def test_a_stop_that_says_something_else_changes_nothing_and_is_reviewed_once(
    service: Service, register: Register, api: httpx.AsyncClient
) -> None:
    identity = await register()
    async with station(service, identity) as wire:
        await wire.boot()
        number = (await wire.ask("StartTransaction", start_of()))["transactionId"]
        await wire.ask("StopTransaction", stop_of(number))
        for wh in (5000, 6000):
            assert await wire.ask("StopTransaction", stop_of(number, meterStop=wh)) == {}
    assert [(t["energy_wh"], t["state"], t["doubts"]) for t in await found(api, identity)] == [
        (1000, "suspect", ["stop_differs"])
    ]
    assert len(await review(api, identity)) == 1


@pytest.mark.trust("A35")
@pytest.mark.parametrize("number", [0, -1, 2**31 - 1, 2**40, 10**30])
async def test_a_stop_of_nothing_is_answered_and_reviewed_once(
    service: Service, register: Register, api: httpx.AsyncClient, number: int
) -> None:
    identity = await register()
    stop = stop_of(number)
    async with station(service, identity) as wire:
        await wire.boot()
        for _ in range(3):
            assert await wire.ask("StopTransaction", stop) == {}
    async with station(service, identity) as wire:
        assert await wire.ask("StopTransaction", stop) == {}
    assert await found(api, identity) == []
    assert [(entry["kind"], entry["subject"]) for entry in await review(api, identity)] == [
        ("unknown_stop", str(number))
    ]


@pytest.mark.trust("A35")
async def test_garbage_of_one_station_does_not_fill_the_review(
    service: Service, register: Register, api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ocpp_css.charging.transactions.service.numbered.MOST_UNKNOWN", 5)
    identity = await register()
    async with station(service, identity) as wire:
        await wire.boot()
        for n in range(20):
            assert await wire.ask("StopTransaction", stop_of(-n)) == {}
            values = [{"timestamp": now(), "sampledValue": [{"value": "1"}]}]
            await wire.ask("MeterValues", {"connectorId": 1, "transactionId": 10_000 + n, "meterValue": values})
    # As many again where the state was read anew in between, as after a change from outside.
    assert len(await review(api, identity)) in {5, 10}


@pytest.mark.trust("A36")
async def test_another_stations_transaction_is_not_touched(
    service: Service, register: Register, api: httpx.AsyncClient
) -> None:
    owner, other = await register(), await register()
    async with station(service, owner) as wire, station(service, other) as stranger:
        await wire.boot()
        await stranger.boot()
        number = (await wire.ask("StartTransaction", start_of()))["transactionId"]
        assert await stranger.ask("StopTransaction", stop_of(number, meterStop=999_999)) == {}
        values = [{"timestamp": now(), "sampledValue": [{"value": "888888"}]}]
        await stranger.ask("MeterValues", {"connectorId": 1, "transactionId": number, "meterValue": values})
    assert [(t["state"], t["energy_wh"]) for t in await found(api, owner)] == [("active", None)]
    assert await found(api, other) == []
    assert [entry["kind"] for entry in await review(api, other)] == ["unknown_stop", "unknown_meter_values"]
    assert await review(api, owner) == []


async def test_a_second_start_on_a_connector_leaves_the_first_to_a_person(
    service: Service, register: Register, api: httpx.AsyncClient
) -> None:
    identity = await register()
    async with station(service, identity) as wire:
        await wire.boot()
        first = (await wire.ask("StartTransaction", start_of("A")))["transactionId"]
        await wire.ask("StartTransaction", start_of("B", meterStart=500))
        assert [(t["state"], t["doubts"]) for t in await found(api, identity)] == [
            ("suspect", ["never_stopped"]),
            ("active", []),
        ]
        # The late stop of the first settles the doubt by itself.
        await wire.ask("StopTransaction", stop_of(first, meterStop=400))
    assert [(t["state"], t["energy_wh"]) for t in (await found(api, identity))[:1]] == [("ended", 300)]
    assert [entry["outcome"] for entry in await review(api, identity)] == ["dismissed"]


async def test_a_stop_that_never_comes_is_closed_by_hand_and_settled(
    service: Service, register: Register, api: httpx.AsyncClient
) -> None:
    identity = await register()
    async with station(service, identity) as wire:
        await wire.boot()
        number = (await wire.ask("StartTransaction", start_of()))["transactionId"]
        values = [{"timestamp": now(), "sampledValue": [{"value": "600"}]}]
        await wire.ask("MeterValues", {"connectorId": 1, "transactionId": number, "meterValue": values})
        (shown,) = await found(api, identity)
        closed = await api.post(
            f"/transactions/{shown['id']}/close", json={"reason": "station broken", "meter_stop_wh": 700}
        )
        assert (closed.json()["state"], closed.json()["energy_wh"]) == ("ended", 600)
        assert await wire.ask("StopTransaction", stop_of(number)) == {}
    entries = await review(api, identity)
    assert [entry["kind"] for entry in entries] == ["transaction"]
    for wrong in ({"stopped_at": "2001-01-01T00:00:00Z"}, {"meter_stop_wh": 1}):
        refused = await api.post(f"/review/{entries[0]['id']}/settle", json={"reason": "mistyped", **wrong})
        assert (refused.status_code, refused.json()["errors"][0]["path"]) == (422, next(iter(wrong)))
    body = {"reason": "checked on site", "outcome": "corrected", "meter_stop_wh": 1100}
    settled = await api.post(f"/review/{entries[0]['id']}/settle", json=body)
    assert settled.json()["outcome"] == "corrected"
    assert [(t["state"], t["energy_wh"]) for t in await found(api, identity)] == [("ended", 1000)]
    assert (await api.post(f"/review/{entries[0]['id']}/settle", json=body)).status_code == 409


@pytest.mark.trust("A44")
async def test_who_tries_tokens_at_a_station_learns_nothing_after_the_thirtieth(
    service: Service, register: Register, api: httpx.AsyncClient
) -> None:
    good, resident = await new_token(api), await new_token(api)
    identity, elsewhere = await register(), await register()
    async with station(service, identity) as wire:
        await wire.boot()
        for number in range(limits.UNKNOWN_TOKENS):
            # The same card held to the reader again is no other card.
            for _ in range(2):
                answer = await wire.ask("Authorize", {"idTag": f"GUESS{number}"})
                assert answer["idTagInfo"]["status"] == "Invalid"
            if number < limits.UNKNOWN_TOKENS - 1:
                answer = await wire.ask("Authorize", {"idTag": resident})
                assert answer["idTagInfo"]["status"] == "Accepted"
        for action, payload in (("Authorize", {"idTag": good}), ("StartTransaction", start_of(good))):
            assert (await wire.ask(action, payload))["idTagInfo"]["status"] == "Invalid"
        assert (await wire.ask("Authorize", {"idTag": resident}))["idTagInfo"]["status"] == "Accepted"
    async with station(service, elsewhere) as wire:
        await wire.boot()
        assert (await wire.ask("Authorize", {"idTag": good}))["idTagInfo"]["status"] == "Accepted"
    assert [t["authorization"] for t in await found(api, identity)] == ["Invalid"]
    facts = await service.wiring.db.across_tenants(FACTS.select().where(FACTS.c.kind == "security.tokens_tried"))
    assert [fact.body["identity"] for fact in facts] == [identity]


@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
async def test_the_figures_of_a_transaction_are_those_of_its_curves(
    service: Service, register: Register, api: httpx.AsyncClient, version: str
) -> None:
    """The newest reading is stored late; who looks at one transaction sees what was measured last all the same."""
    identity = await register()

    async def figures() -> tuple[int, float]:
        (listed,) = await found(api, identity)
        shown = (await api.get(f"/transactions/{listed['id']}")).json()
        transaction = await queries.get(unit_of(service), listed["id"])
        drawn = curves(await queries.samples(unit_of(service), transaction), transaction)
        (energy,) = [line["values"] for line in drawn["series"] if line["unit"] == "kWh"]
        return shown["energy_wh"], [value for value in energy if value is not None][-1]

    async with station(service, identity, version) as wire:
        await wire.boot()
        if version == "1.6":
            number = (await wire.ask("StartTransaction", start_of(meterStart=1000)))["transactionId"]
        else:
            await wire.ask("TransactionEvent", event_of("Started", 0, meterValue=metered(1000)))
        for turn, wh in enumerate((1269, 1521), start=1):
            if version == "1.6":
                values = [{"timestamp": now(), "sampledValue": [{"value": str(wh)}]}]
                await wire.ask("MeterValues", {"connectorId": 1, "transactionId": number, "meterValue": values})
            else:
                await wire.ask("TransactionEvent", event_of("Updated", turn, meterValue=metered(wh)))
            assert await figures() == (wh - 1000, (wh - 1000) / 1000)
        if version == "1.6":
            await wire.ask("StopTransaction", stop_of(number, meterStop=1700))
            assert await figures() == (700, 0.7)


def unit_of(service: Service) -> Unit:
    """A unit of the default account."""
    return service.wiring.db.unit(next(iter(service.hub.connections))[0])


# --- clocks and meters -----------------------------------------------------------------------------------------------


@pytest.mark.trust("A41")
@pytest.mark.parametrize(
    ("written", "meant", "doubt"),
    [
        ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "clock_behind"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "clock_behind"),
        ("2038-01-19T03:14:08Z", "2038-01-19T03:14:08Z", "clock_ahead"),
        ("2100-02-28T23:59:59.999999999Z", None, "clock_ahead"),
        ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z", "clock_ahead"),
        ("{today}T12:00:00+14:00", None, None),
        ("{today}T12:00:00-12:00", None, None),
        ("{today}T00:00:00.123456789", None, None),
    ],
)
async def test_any_clock_is_answered_and_a_wrong_one_is_doubted(
    service: Service, register: Register, api: httpx.AsyncClient, written: str, meant: str | None, doubt: str | None
) -> None:
    identity = await register()
    yesterday = (datetime.now(UTC) - timedelta(days=2)).date().isoformat()
    async with station(service, identity) as wire:
        await wire.boot()
        start = start_of(timestamp=written.format(today=yesterday))
        number = (await wire.ask("StartTransaction", start))["transactionId"]
        await wire.ask("StopTransaction", stop_of(number))
    (shown,) = await found(api, identity)
    assert shown["received_at"] > yesterday
    if meant is not None:
        assert shown["started_at"] == meant
    assert (doubt is None) is ("clock" not in " ".join(shown["doubts"]))
    assert bool(await review(api, identity)) is bool(shown["doubts"])


@pytest.mark.trust("A42")
@pytest.mark.parametrize(
    ("first", "last", "energy", "doubt"),
    [
        (1000, 1000, 0, None),
        (1000, 400, 0, "meter_rollback"),
        (-5, 100, 105, "meter_absurd"),
        (0, 10**13, 10**13, "meter_absurd"),
        (0, 10**30, 10**15, "meter_absurd"),
        (-(10**30), 5, 10**15 + 5, "meter_absurd"),
        (0, 10**9, 10**9, "energy_implausible"),
    ],
)
async def test_any_meter_is_answered_and_an_absurd_one_is_held(
    service: Service, register: Register, api: httpx.AsyncClient, first: int, last: int, energy: int, doubt: str | None
) -> None:
    identity = await register()
    async with station(service, identity) as wire:
        await wire.boot()
        number = (await wire.ask("StartTransaction", start_of(meterStart=first)))["transactionId"]
        stop = stop_of(number, meterStop=last)
        for _ in range(2):
            assert await wire.ask("StopTransaction", stop) == {}
    (shown,) = await found(api, identity)
    assert shown["energy_wh"] == energy
    assert shown["state"] == ("ended" if doubt is None else "suspect")
    assert doubt is None or doubt in shown["doubts"]


@pytest.mark.trust("A42")
async def test_meter_values_in_wh_and_kwh_mean_the_same(
    service: Service, register: Register, api: httpx.AsyncClient
) -> None:
    identity = await register()
    async with station(service, identity) as wire:
        await wire.boot()
        number = (await wire.ask("StartTransaction", start_of(meterStart=1000)))["transactionId"]
        for minute, (value, unit) in enumerate([("1500", "Wh"), ("2.5", "kWh"), ("3500.4", "Wh"), ("4.5e0", "kWh")]):
            at = (datetime.now(UTC) + timedelta(seconds=minute)).isoformat()
            values = [{"timestamp": at, "sampledValue": [{"value": value, "unit": unit}]}]
            await wire.ask("MeterValues", {"connectorId": 1, "transactionId": number, "meterValue": values})
        (shown,) = await found(api, identity)
        samples = (await api.get(f"/transactions/{shown['id']}/meter-values")).json()["items"]
        assert [(s["value"], s["unit"]) for s in samples] == [(1500, "Wh"), (2500, "Wh"), (3500.4, "Wh"), (4500, "Wh")]
        assert (shown["state"], shown["doubts"]) == ("active", [])


@pytest.mark.trust("A42")
@pytest.mark.parametrize(
    "value", ["", "NaN", "Infinity", "-1", "1e999999", "9" * 5000, "12,5", "0x10", "--", "1e-999999", "1_000"]
)
async def test_any_text_of_a_meter_is_answered_and_shown(
    service: Service, register: Register, api: httpx.AsyncClient, value: str
) -> None:
    identity = await register()
    async with station(service, identity) as wire:
        await wire.boot()
        number = (await wire.ask("StartTransaction", start_of()))["transactionId"]
        for measurand, unit in (
            ("Energy.Active.Import.Register", "kWh"),
            ("Power.Active.Import", "kW"),
            ("SoC", "Percent"),
        ):
            sampled = {"value": value, "measurand": measurand, "unit": unit}
            values = [{"timestamp": now(), "sampledValue": [sampled]}]
            await wire.ask("MeterValues", {"connectorId": 1, "transactionId": number, "meterValue": values})
        await wire.ask("StopTransaction", stop_of(number))
    (shown,) = await found(api, identity)
    assert shown["energy_wh"] == 1000
    assert (await api.get(f"/transactions/{shown['id']}/meter-values")).status_code == 200
    assert (await api.get(f"/transactions/{shown['id']}/events")).status_code == 200


@pytest.mark.trust("A42")
async def test_a_meter_that_runs_backwards_while_charging_is_doubted_and_answered(
    service: Service, register: Register, api: httpx.AsyncClient
) -> None:
    identity = await register()
    async with station(service, identity) as wire:
        await wire.boot()
        hour_ago = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
        start = start_of(meterStart=1000, timestamp=hour_ago)
        number = (await wire.ask("StartTransaction", start))["transactionId"]
        for second, wh in enumerate(("3000", "2000", "10", "4000")):
            at = (datetime.now(UTC) + timedelta(seconds=second)).isoformat()
            values = [{"timestamp": at, "sampledValue": [{"value": wh}]}]
            await wire.ask("MeterValues", {"connectorId": 1, "transactionId": number, "meterValue": values})
        await wire.ask("StopTransaction", stop_of(number, meterStop=5000))
    (shown,) = await found(api, identity)
    assert (shown["state"], shown["doubts"], shown["energy_wh"]) == ("suspect", ["meter_rollback"], 4000)
    assert len(await review(api, identity)) == 1


@pytest.mark.trust("A42")
async def test_a_meter_of_2_x_that_runs_backwards_is_doubted_and_answered(
    service: Service, register: Register, api: httpx.AsyncClient
) -> None:
    identity = await register()
    async with station(service, identity, "2.0.1") as wire:
        await wire.boot()
        for number, (kind, wh) in enumerate([("Started", 1000), ("Updated", 3000), ("Updated", 2000), ("Ended", 4000)]):
            assert await wire.ask("TransactionEvent", event_of(kind, number, meterValue=metered(wh))) == {}
    (shown,) = await found(api, identity)
    assert (shown["doubts"], shown["energy_wh"]) == (["meter_rollback"], 3000)


@pytest.mark.trust("A42")
@pytest.mark.parametrize(
    ("value", "unit"),
    [
        (1, {"unit": "kWh", "multiplier": 2_147_483_647}),
        (1, {"unit": "Wh", "multiplier": -2_147_483_648}),
        (1e300, {"unit": "kWh", "multiplier": 300}),
        (10**40, None),
        (-5, None),
    ],
)
async def test_any_number_of_a_2_x_meter_is_answered_and_shown(
    service: Service, register: Register, api: httpx.AsyncClient, value: Any, unit: dict[str, Any] | None
) -> None:
    identity = await register()
    async with station(service, identity, "2.1") as wire:
        await wire.boot()
        for number, kind in enumerate(("Started", "Updated", "Ended")):
            values = metered(value, unit)
            values[0]["sampledValue"].append({**values[0]["sampledValue"][0], "measurand": "Power.Active.Import"})
            assert await wire.ask("TransactionEvent", event_of(kind, number, meterValue=values)) == {}
    (shown,) = await found(api, identity)
    assert shown["energy_wh"] in {None, 0}
    assert (await api.get(f"/transactions/{shown['id']}/meter-values")).status_code == 200


async def test_wh_and_kwh_of_2_x_mean_the_same(service: Service, register: Register, api: httpx.AsyncClient) -> None:
    identity = await register()
    async with station(service, identity, "2.0.1") as wire:
        await wire.boot()
        await wire.ask("TransactionEvent", event_of("Started", 0, meterValue=metered(1, {"unit": "kWh"})))
        await wire.ask(
            "TransactionEvent", event_of("Updated", 1, meterValue=metered(15, {"unit": "Wh", "multiplier": 2}))
        )
        await wire.ask("TransactionEvent", event_of("Ended", 2, meterValue=metered(2000.4)))
    assert [(t["energy_wh"], t["doubts"]) for t in await found(api, identity)] == [(1000, [])]


# --- tokens ----------------------------------------------------------------------------------------------------------


@pytest.mark.trust("A43")
@pytest.mark.requirement("CS-5")
async def test_each_kind_of_token_gets_its_verdict_and_its_transaction_is_kept(
    service: Service, register: Register, api: httpx.AsyncClient
) -> None:
    past = "2020-01-01T00:00:00Z"
    cases = [
        (await new_token(api), "Accepted"),
        (await new_token(api, status="Blocked"), "Blocked"),
        (await new_token(api, status="Expired"), "Expired"),
        (await new_token(api, status="Invalid"), "Invalid"),
        (await new_token(api, expires_at=past), "Expired"),
        ("NEVERHEARDOF", "Invalid"),
        ("' OR 1=1 --", "Invalid"),
        ("<script>alert(1)", "Invalid"),
    ]
    identity, newer = await register(), await register()
    async with station(service, identity) as wire, station(service, newer, "2.0.1") as other:
        await wire.boot()
        await other.boot()
        for place, (token, verdict) in enumerate(cases, 1):
            for spelled in (token, token.upper(), token.lower()):
                told = (await wire.ask("Authorize", {"idTag": spelled}))["idTagInfo"]["status"]
                assert told == verdict, spelled
            answer = await wire.ask("StartTransaction", start_of(token, connectorId=place))
            assert answer["transactionId"] > 0
            assert answer["idTagInfo"]["status"] == verdict
            id_token = {"idToken": token, "type": "ISO14443"}
            answer = await other.ask("TransactionEvent", event_of("Started", 0, f"T{place}", idToken=id_token))
            assert answer["idTokenInfo"]["status"] == verdict
    for name in (identity, newer):
        shown = await found(api, name)
        assert [(t["id_token"], t["authorization"]) for t in shown] == cases
        assert {t["state"] for t in shown} == {"active"}
    assert (await api.get("/tokens/NEVERHEARDOF")).status_code == 404


async def test_no_authorization_is_accepted(service: Service, register: Register) -> None:
    async with station(service, await register(), "2.0.1") as wire:
        await wire.boot()
        id_token = {"idToken": "", "type": "NoAuthorization"}
        assert (await wire.ask("Authorize", {"idToken": id_token}))["idTokenInfo"]["status"] == "Accepted"
        answer = await wire.ask("TransactionEvent", event_of("Started", 0, idToken=id_token))
        assert answer["idTokenInfo"]["status"] == "Accepted"


@pytest.mark.trust("A45")
async def test_of_many_starts_at_once_with_one_limited_token_one_is_accepted(
    service: Service, register: Register, api: httpx.AsyncClient
) -> None:
    token = await new_token(api, max_concurrent=1)
    raws = []
    for _ in range(6):
        identity = await register()
        async with station(service, identity) as wire:
            await wire.boot()
        raws.append(await RawWire.open(service, f"/ocpp/{identity}"))
        raws[-1].send(TEXT, b'[2,"h","Heartbeat",{}]')
        await raws[-1].receive()
    spelled = (token, token.upper(), token.lower())
    for number, raw in enumerate(raws):
        raw.send(TEXT, json.dumps([2, "s", "StartTransaction", start_of(spelled[number % 3])]).encode())
    answers = [json.loads((await raw.receive())[1]) for raw in raws]
    verdicts = [answer[2]["idTagInfo"]["status"] for answer in answers]
    assert sorted(verdicts) == ["Accepted"] + ["ConcurrentTx"] * 5


@pytest.mark.trust("A45")
async def test_a_limited_token_is_free_again_after_the_stop(
    service: Service, register: Register, api: httpx.AsyncClient
) -> None:
    token, identity = await new_token(api, max_concurrent=1), await register()
    async with station(service, identity) as wire, station(service, await register(), "2.0.1") as other:
        await wire.boot()
        await other.boot()
        started = await wire.ask("StartTransaction", start_of(token))
        assert started["idTagInfo"]["status"] == "Accepted"
        id_token = {"idToken": token.upper(), "type": "ISO14443"}
        answer = await other.ask("TransactionEvent", event_of("Started", 0, "T1", idToken=id_token))
        assert answer["idTokenInfo"]["status"] == "ConcurrentTx"
        await wire.ask("StopTransaction", stop_of(started["transactionId"]))
        answer = await other.ask("TransactionEvent", event_of("Started", 0, "T2", idToken=id_token))
        assert answer["idTokenInfo"]["status"] == "Accepted"
        # The same transaction told again is not a second one.
        answer = await other.ask("TransactionEvent", event_of("Updated", 1, "T2", idToken=id_token))
        assert answer["idTokenInfo"]["status"] == "Accepted"


async def test_a_blocked_token_is_refused_at_once(service: Service, register: Register, api: httpx.AsyncClient) -> None:
    token = await new_token(api)
    async with station(service, await register()) as wire:
        await wire.boot()
        assert (await wire.ask("Authorize", {"idTag": token}))["idTagInfo"]["status"] == "Accepted"
        assert (await api.patch(f"/tokens/{token}", json={"status": "Blocked"})).status_code == 200
        assert (await wire.ask("Authorize", {"idTag": token}))["idTagInfo"]["status"] == "Blocked"
        assert (await api.delete(f"/tokens/{token}")).status_code in {200, 204}
        assert (await wire.ask("Authorize", {"idTag": token}))["idTagInfo"]["status"] == "Invalid"


# --- 2.x: events -----------------------------------------------------------------------------------------------------


def story(wire_id: str, id_token: str) -> list[dict[str, Any]]:
    """Six events of one transaction."""
    at = datetime.now(UTC) - timedelta(hours=1)
    events = []
    for number in range(6):
        moment = (at + timedelta(minutes=number)).isoformat()
        kind = "Started" if number == 0 else "Ended" if number == 5 else "Updated"
        event = event_of(kind, number, wire_id, timestamp=moment)
        event["meterValue"] = [{"timestamp": moment, "sampledValue": [{"value": 1000 + 100 * number}]}]
        if number in {0, 5}:
            event |= {"idToken": {"idToken": id_token, "type": "ISO14443"}, "evse": {"id": 1, "connectorId": 1}}
        events.append(event)
    events[5]["transactionInfo"] = {"transactionId": wire_id, "stoppedReason": "EVDisconnected"}
    return events


COMPARED = (
    "started_at", "stopped_at", "meter_start_wh", "meter_stop_wh", "energy_wh", "state", "stop_reason", "doubts",
    "id_token", "authorization", "evse_id", "connector_id",
)  # fmt: skip


@pytest.mark.trust("A37")
@pytest.mark.requirement("CS-4")
async def test_events_in_any_order_and_repeated_make_the_same_transaction(
    service: Service, register: Register, api: httpx.AsyncClient
) -> None:
    token, identity = await new_token(api), await register()
    dice = random.Random(1)
    stories = [story(f"T-{n}", token) for n in range(12)]
    for other in stories[1:]:
        for event, first in zip(other, stories[0], strict=True):
            event["timestamp"], event["meterValue"] = first["timestamp"], first["meterValue"]
    async with station(service, identity, "2.0.1") as wire:
        await wire.boot()
        for number, events in enumerate(stories):
            order = list(events)
            if number:
                order += dice.choices(events, k=3)
                dice.shuffle(order)
            for event in order:
                answer = await wire.ask("TransactionEvent", event)
                assert answer.get("idTokenInfo", {"status": "Accepted"})["status"] == "Accepted"
                assert ("idTokenInfo" in answer) is ("idToken" in event)
    shown = await found(api, identity)
    assert len(shown) == 12
    ends = {json.dumps([t[name] for name in COMPARED]) for t in shown}
    assert len(ends) == 1, ends
    assert (shown[0]["energy_wh"], shown[0]["state"], shown[0]["doubts"]) == (500, "ended", [])


@pytest.mark.trust("A37")
async def test_a_gap_is_reviewed_and_a_number_with_other_content_too(
    service: Service, register: Register, api: httpx.AsyncClient
) -> None:
    identity = await register()
    events = story("T", "NOBODY")
    async with station(service, identity, "2.1") as wire:
        await wire.boot()
        for event in (events[0], events[1], events[5]):
            await wire.ask("TransactionEvent", event)
        assert [(t["state"], t["doubts"]) for t in await found(api, identity)] == [("suspect", ["missing_events"])]
        for event in events[2:5]:
            await wire.ask("TransactionEvent", event)
        assert [(t["state"], t["doubts"]) for t in await found(api, identity)] == [("ended", [])]
        assert (await wire.ask("TransactionEvent", event_of("Updated", 1, "T"))) == {}
    (shown,) = await found(api, identity)
    assert (shown["state"], shown["doubts"], shown["energy_wh"]) == ("suspect", ["event_differs"], 500)
    assert len(await review(api, identity)) == 2


@pytest.mark.trust("A39")
async def test_one_id_of_two_stations_is_two_transactions(
    service: Service, register: Register, api: httpx.AsyncClient
) -> None:
    first, second = await register(), await register()
    async with station(service, first, "2.0.1") as wire, station(service, second, "2.1") as other:
        await wire.boot()
        await other.boot()
        await wire.ask("TransactionEvent", event_of("Started", 0, "SAME", meterValue=metered(1)))
        await other.ask("TransactionEvent", event_of("Started", 0, "SAME", meterValue=metered(2)))
        await other.ask("TransactionEvent", event_of("Ended", 1, "SAME", meterValue=metered(3)))
    assert [(t["state"], t["meter_start_wh"]) for t in await found(api, first)] == [("active", 1)]
    assert [(t["state"], t["meter_start_wh"]) for t in await found(api, second)] == [("ended", 2)]


@pytest.mark.trust("A40")
async def test_an_id_used_again_after_a_reboot_is_flagged(
    service: Service, register: Register, api: httpx.AsyncClient
) -> None:
    identity = await register()
    async with station(service, identity, "2.0.1") as wire:
        await wire.boot()
        await wire.ask("TransactionEvent", event_of("Started", 0, "R"))
        await wire.ask("TransactionEvent", event_of("Ended", 1, "R"))
    async with station(service, identity, "2.0.1") as wire:
        await wire.boot()
        await wire.ask("TransactionEvent", event_of("Started", 0, "R", timestamp="2026-01-01T00:00:00Z"))
    (shown,) = await found(api, identity)
    assert shown["doubts"] == ["event_differs"]
    assert len(await review(api, identity)) == 1


def charge(wire_id: str, kind: str, number: int, **changes: Any) -> dict[str, Any]:
    """An event on the first EVSE."""
    return event_of(kind, number, wire_id, evse={"id": 1, "connectorId": 1}, **changes)


async def doubts_of(api: httpx.AsyncClient, identity: str) -> dict[str, list[str]]:
    return {t["transaction_id"]: t["doubts"] for t in await found(api, identity)}


async def test_a_second_transaction_on_an_evse_leaves_the_first_to_a_person(
    service: Service, register: Register, api: httpx.AsyncClient
) -> None:
    identity = await register()
    async with station(service, identity, "2.0.1") as wire:
        await wire.boot()
        await wire.ask("TransactionEvent", charge("A", "Started", 0))
        first = charge("A", "Ended", 1)
        elsewhere = event_of("Started", 0, "OTHER", evse={"id": 2})
        await wire.ask("TransactionEvent", elsewhere)
        await wire.ask("TransactionEvent", charge("B", "Started", 0))
        assert await doubts_of(api, identity) == {"A": ["never_stopped"], "OTHER": [], "B": []}
        await wire.ask("TransactionEvent", charge("B", "Updated", 1))
        assert [entry["settled_at"] for entry in await review(api, identity)] == [None]
        # The end comes after all: nothing is left to decide.
        await wire.ask("TransactionEvent", first)
        assert (await doubts_of(api, identity))["A"] == []
        await wire.ask("TransactionEvent", charge("C", "Started", 0))
        assert (await doubts_of(api, identity))["B"] == ["never_stopped"]
    assert [entry["outcome"] for entry in await review(api, identity)] == ["dismissed", None]


@pytest.mark.trust("A38")
async def test_an_end_that_may_be_queued_is_doubted_only_after_a_whole_later_charge(
    service: Service, register: Register, api: httpx.AsyncClient
) -> None:
    identity = await register()
    async with station(service, identity, "2.0.1") as wire:
        await wire.boot()
        await wire.ask("TransactionEvent", charge("A", "Started", 0))
    queued = [charge("A", "Updated", 1, offline=True), charge("A", "Ended", 2, offline=True)]
    async with station(service, identity, "2.0.1") as wire:
        await wire.ask("TransactionEvent", charge("B", "Started", 0))
        await wire.ask("TransactionEvent", charge("B", "Updated", 1))
        assert await doubts_of(api, identity) == {"A": [], "B": []}
        await wire.ask("TransactionEvent", queued[0])
        await wire.ask("TransactionEvent", charge("B", "Updated", 2))
        assert await doubts_of(api, identity) == {"A": [], "B": []}
        await wire.ask("TransactionEvent", charge("B", "Ended", 3))
        assert await doubts_of(api, identity) == {"A": ["never_stopped"], "B": []}
        await wire.ask("TransactionEvent", queued[1])
        assert await doubts_of(api, identity) == {"A": [], "B": []}
    assert [entry["outcome"] for entry in await review(api, identity)] == ["dismissed"]


@pytest.mark.trust("A38")
async def test_a_queue_that_is_told_in_another_order_casts_no_doubt(
    service: Service, register: Register, api: httpx.AsyncClient
) -> None:
    identity = await register()
    async with station(service, identity, "2.0.1") as wire:
        await wire.boot()
        await wire.ask("TransactionEvent", charge("A", "Started", 0))
    queued = [charge("A", "Ended", 1), charge("B", "Started", 0), charge("B", "Ended", 1)]
    async with station(service, identity, "2.0.1") as wire:
        for event in reversed(queued):
            await wire.ask("TransactionEvent", {**event, "offline": True})
            doubted = [doubt for doubts in (await doubts_of(api, identity)).values() for doubt in doubts]
            assert "never_stopped" not in doubted
    assert await doubts_of(api, identity) == {"A": [], "B": []}


@pytest.mark.trust("A38")
async def test_an_old_queue_beside_live_events_cut_many_times_ends_in_the_same_ledger(
    service: Service, register: Register, api: httpx.AsyncClient
) -> None:
    token, identity = await new_token(api), await register()
    old = [event | {"offline": True} for n in range(10) for event in story(f"OLD-{n}", token)]
    live = story("LIVE", token)
    dice = random.Random(2)
    sent = 0
    while sent < len(old):
        async with station(service, identity, "2.0.1") as wire:
            if not sent:
                await wire.boot()
            for _ in range(dice.randrange(3, 8)):
                # What was sent last is sent again after each cut: nobody knows whether it arrived.
                for event in old[max(0, sent - 1) : sent + 1]:
                    await wire.ask("TransactionEvent", event)
                sent += 1
            if live:
                await wire.ask("TransactionEvent", live.pop(0))
    async with station(service, identity, "2.0.1") as wire:
        for event in live:
            await wire.ask("TransactionEvent", event)
    shown = await found(api, identity)
    assert len(shown) == 11
    assert {(t["energy_wh"], t["state"]) for t in shown} == {(500, "ended")}
    assert await review(api, identity) == []


async def test_meter_values_told_again_are_kept_once(
    service: Service, register: Register, api: httpx.AsyncClient
) -> None:
    identity = await register()
    values = {"connectorId": 0, "meterValue": [{"timestamp": now(), "sampledValue": [{"value": "1"}]}]}
    for _ in range(2):
        async with station(service, identity) as wire:
            await wire.boot()
            for _ in range(2):
                assert await wire.ask("MeterValues", values) == {}
    log = (await api.get(f"/stations/{identity}/messages", params={"action": "MeterValues"})).json()["items"]
    assert len(log) == 2


async def test_two_tenants_do_not_meet(service: Service, register: Register, api: httpx.AsyncClient) -> None:
    """TRUST A11, A36: the same identity and the same token in two accounts."""
    from ocpp_css.people import tenants
    from ocpp_css.storage import PROVIDER

    unit = service.wiring.db.unit(PROVIDER)
    account = await tenants.create(unit, f"Other {next(_names)}")
    await unit.commit()
    identity, token = await register(), await new_token(api)
    async with await api_of(service, account.connection_code) as other:
        assert (await other.post("/stations", json={"identity": identity})).status_code == 201
        theirs = f"{account.connection_code}/{identity}"
        async with station(service, identity) as wire, station(service, identity, path=theirs) as stranger:
            await wire.boot()
            await stranger.boot()
            started = await wire.ask("StartTransaction", start_of(token))
            assert (await stranger.ask("Authorize", {"idTag": token}))["idTagInfo"]["status"] == "Invalid"
            await stranger.ask("StopTransaction", stop_of(started["transactionId"], meterStop=77))
        assert await found(other, identity) == []
        assert [entry["kind"] for entry in await review(other, identity)] == ["unknown_stop"]
    assert [t["state"] for t in await found(api, identity)] == ["active"]
