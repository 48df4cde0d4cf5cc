"""A station of each version boots, charges and stops, and the operator finds the transaction."""

import httpx
import pytest
from tests.running import now, station

from ocpp_css.app.running import Service

pytestmark = pytest.mark.anyio


def energy(value: int) -> list[dict[str, object]]:
    return [{"timestamp": now(), "sampledValue": [{"value": str(value), "unit": "Wh"}]}]


@pytest.mark.requirement("CS-1")
@pytest.mark.requirement("CS-4")
async def test_a_station_of_1_6_charges(service: Service, api: httpx.AsyncClient) -> None:
    await api.post("/stations", json={"identity": "CP16"})
    await api.post("/tokens", json={"id_token": "TAG"})
    async with station(service, "CP16") as wire:
        assert (await wire.boot())["status"] == "Accepted"
        assert await wire.ask("Authorize", {"idTag": "tag"}) == {"idTagInfo": {"status": "Accepted"}}
        start = {"connectorId": 1, "idTag": "TAG", "meterStart": 100, "timestamp": now()}
        started = await wire.ask("StartTransaction", start)
        assert await wire.ask("StartTransaction", start) == started
        number = started["transactionId"]
        assert (
            await wire.ask("MeterValues", {"connectorId": 1, "transactionId": number, "meterValue": energy(600)}) == {}
        )
        await wire.ask("StopTransaction", {"transactionId": number, "meterStop": 1100, "timestamp": now()})
    found = (await api.get("/transactions")).json()["items"]
    assert [(t["transaction_id"], t["energy_wh"], t["state"], t["id_token"]) for t in found] == [
        (str(number), 1000, "ended", "TAG")
    ]
    values = (await api.get(f"/transactions/{found[0]['id']}/meter-values")).json()["items"]
    assert [(v["measurand"], v["value"]) for v in values] == [("Energy.Active.Import.Register", 600.0)]


@pytest.mark.requirement("CS-1")
@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
async def test_a_station_of_2_x_charges(service: Service, api: httpx.AsyncClient, version: str) -> None:
    await api.post("/stations", json={"identity": "CP2"})
    await api.post("/tokens", json={"id_token": "TAG"})
    async with station(service, "CP2", version) as wire:
        await wire.boot()
        for number, kind in enumerate(("Started", "Updated", "Ended")):
            answer = await wire.ask(
                "TransactionEvent",
                {
                    "eventType": kind,
                    "timestamp": now(),
                    "triggerReason": "Authorized",
                    "seqNo": number,
                    "transactionInfo": {"transactionId": "T-1"},
                    "evse": {"id": 1, "connectorId": 1},
                    "idToken": {"idToken": "TAG", "type": "ISO14443"},
                    "meterValue": [{"timestamp": now(), "sampledValue": [{"value": 100 + 500 * number}]}],
                },
            )
            assert answer["idTokenInfo"]["status"] == "Accepted"
    found = (await api.get("/transactions")).json()["items"]
    assert [(t["transaction_id"], t["energy_wh"], t["state"]) for t in found] == [("T-1", 1000, "ended")]
