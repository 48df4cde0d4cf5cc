"""Numbers and characters that no real station sends are kept, or refused, alike on both databases."""

from typing import Any

import pytest
from tests.running import Wire, api_of, now, station, until

from ocpp_css.app.running import Service

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("CS-4"), pytest.mark.trust("A42")]

WIDE = 2**35
LARGEST = 2**63 - 1


def started(wire_id: str, number: int) -> dict[str, Any]:
    return {
        "eventType": "Started", "timestamp": now(), "triggerReason": "CablePluggedIn", "seqNo": number,
        "transactionInfo": {"transactionId": wire_id, "remoteStartId": number}, "reservationId": number,
        "evse": {"id": number, "connectorId": number},
    }  # fmt: skip


async def charge_16(wire: Wire, number: int) -> Any:
    start = {"connectorId": number, "idTag": "A", "meterStart": number, "timestamp": now(), "reservationId": number}
    answer = await wire.ask("StartTransaction", start)
    stop = {"transactionId": answer["transactionId"], "meterStop": number, "timestamp": now()}
    assert await wire.ask("StopTransaction", stop) == {}
    # Of a transaction that nobody has, with numbers that nothing has.
    assert await wire.ask("StopTransaction", {**stop, "transactionId": number}) == {}
    value = {"timestamp": now(), "sampledValue": [{"value": str(number)}]}
    assert await wire.ask("MeterValues", {"connectorId": number, "transactionId": number, "meterValue": [value]}) == {}


async def test_wide_numbers_are_kept_as_they_are(service: Service) -> None:
    async with await api_of(service) as api:
        for identity in ("CP1", "CP2"):
            assert (await api.post("/stations", json={"identity": identity})).status_code == 201
        async with station(service, "CP1") as wire:
            await wire.boot()
            await charge_16(wire, WIDE)
            status = {"connectorId": WIDE, "errorCode": "NoError", "status": "Available"}
            assert await wire.ask("StatusNotification", status) == {}
            progress = {"status": "Downloaded", "requestId": WIDE}
            assert await wire.ask("SignedFirmwareStatusNotification", progress) == {}
        async with station(service, "CP2", "2.0.1") as wire:
            await wire.boot()
            assert await wire.ask("TransactionEvent", started("T", WIDE)) == {}
        for identity in ("CP1", "CP2"):
            (shown,) = (await api.get("/transactions", params={"station": identity})).json()["items"]
            assert (shown["evse_id"], shown["doubts"]) == (WIDE, [])
        evses = (await api.get("/stations/CP1")).json()["evses"]
        assert WIDE in [evse["evse_id"] for evse in evses]


@pytest.mark.parametrize("number", [2**63, 10**40, -(10**40)])
async def test_a_charge_with_numbers_beyond_all_columns_is_answered_and_doubted(service: Service, number: int) -> None:
    async with await api_of(service) as api:
        for identity in ("CP1", "CP2"):
            assert (await api.post("/stations", json={"identity": identity})).status_code == 201
        async with station(service, "CP1") as wire:
            await wire.boot()
            await charge_16(wire, number)
            status = {"connectorId": number, "errorCode": "NoError", "status": "Available"}
            answer = await wire.call("StatusNotification", status)
            assert (answer[0], answer[2]) == (4, "PropertyConstraintViolation")
        async with station(service, "CP2", "2.0.1") as wire:
            await wire.boot()
            assert await wire.ask("TransactionEvent", started("T", number)) == {}
        for identity in ("CP1", "CP2"):
            (shown,) = (await api.get("/transactions", params={"station": identity})).json()["items"]
            assert abs(shown["evse_id"]) == LARGEST
            assert "number_absurd" in shown["doubts"]
            assert (await api.get("/review", params={"station": identity})).status_code == 200


@pytest.mark.trust("A24")
async def test_a_nul_in_a_text_is_refused_by_both_databases(service: Service) -> None:
    async with await api_of(service) as api:
        assert (await api.post("/stations", json={"identity": "CP1"})).status_code == 201
        async with station(service, "CP1") as wire:
            await wire.boot()
            for payload in ({"vendorId": "a\0b"}, {"vendorId": "V", "data": "\0"}, {"vendorId": "V", "da\0ta": "x"}):
                answer = await wire.call("DataTransfer", payload)
                assert (answer[0], answer[2]) == (4, "PropertyConstraintViolation"), answer
            start = {"connectorId": 1, "idTag": "A\0", "meterStart": 1, "timestamp": now()}
            assert (await wire.call("StartTransaction", start))[2] == "PropertyConstraintViolation"
            assert (await wire.call("DataTransfer", {"vendorId": "V", "data": "\\u0000"}))[0] == 3
            await wire.send([2, "a\0", "Heartbeat", {}])
            assert (await wire.receive())[:3:2] == [4, "FormationViolation"]

            async def kept() -> bool:
                """What is no message is answered before it is kept."""
                log = (await api.get("/stations/CP1/messages", params={"errors": "true"})).json()["items"]
                errors = [item["error"]["code"] for item in log if item["message_type"] == "CALLERROR"]
                return errors == ["FormationViolation", *["PropertyConstraintViolation"] * 4]

            await until(kept)
