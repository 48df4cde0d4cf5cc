"""A station written on the package `ocpp` of PyPI charges: what others wrote after the standard works here too."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import websockets
from ocpp.routing import on
from tests.running import basic, now

from ocpp import v16, v21, v201
from ocpp_css.app.running import Service

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("CS-1")]

PASSWORD = "correct horse battery"
REGISTER = "Energy.Active.Import.Register"


class Station16(v16.ChargePoint):
    """A station of 1.6; `asked` are the service's commands in the order in which they came."""

    def __init__(self, identity: str, socket: Any) -> None:
        super().__init__(identity, socket)
        self.asked: list[str] = []

    @on("RemoteStartTransaction")
    def remote_start(self, id_tag: str, **_: Any) -> Any:
        self.asked.append(id_tag)
        return v16.call_result.RemoteStartTransaction(status="Accepted")

    @on("Reset")
    def reset(self, type: str) -> Any:  # noqa: A002 - the name in the schema
        self.asked.append(type)
        return v16.call_result.Reset(status="Accepted")

    async def charge(self) -> str:
        """From boot to stop, 1000 Wh; the number of the transaction."""
        booted = await self.call(v16.call.BootNotification(charge_point_model="Model", charge_point_vendor="Vendor"))
        assert booted.status == "Accepted"
        await self.call(v16.call.StatusNotification(connector_id=1, error_code="NoError", status="Preparing"))
        assert (await self.call(v16.call.Authorize(id_tag="TAG"))).id_tag_info["status"] == "Accepted"
        started = await self.call(
            v16.call.StartTransaction(connector_id=1, id_tag="TAG", meter_start=100, timestamp=now())
        )
        assert started.id_tag_info["status"] == "Accepted"
        sample = {"timestamp": now(), "sampled_value": [{"value": "600", "measurand": REGISTER, "unit": "Wh"}]}
        await self.call(
            v16.call.MeterValues(connector_id=1, transaction_id=started.transaction_id, meter_value=[sample])
        )
        await self.call(
            v16.call.StopTransaction(
                meter_stop=1100, timestamp=now(), transaction_id=started.transaction_id, reason="Local"
            )
        )
        return str(started.transaction_id)


class _Station2x:
    """What stations of 2.0.1 and 2.1 do alike; `words` is the version's module."""

    words: Any
    call: Any
    asked: list[str]

    @on("RequestStartTransaction")
    def request_start(self, id_token: dict[str, Any], **_: Any) -> Any:
        self.asked.append(id_token["id_token"])
        return self.words.call_result.RequestStartTransaction(status="Accepted")

    @on("Reset")
    def reset(self, type: str, **_: Any) -> Any:  # noqa: A002 - the name in the schema
        self.asked.append(type)
        return self.words.call_result.Reset(status="Accepted")

    async def charge(self) -> str:
        """From boot to end, 1000 Wh; the transaction's id."""
        call = self.words.call
        booted = await self.call(
            call.BootNotification(charging_station={"model": "Model", "vendor_name": "Vendor"}, reason="PowerUp")
        )
        assert booted.status == "Accepted"
        await self.call(
            call.StatusNotification(timestamp=now(), connector_status="Occupied", evse_id=1, connector_id=1)
        )
        token = {"id_token": "TAG", "type": "ISO14443"}
        assert (await self.call(call.Authorize(id_token=token))).id_token_info["status"] == "Accepted"
        for number, kind in enumerate(("Started", "Updated", "Ended")):
            sample = {"value": 100 + 500 * number, "measurand": REGISTER, "unit_of_measure": {"unit": "Wh"}}
            told = await self.call(
                call.TransactionEvent(
                    event_type=kind, timestamp=now(), trigger_reason="Authorized", seq_no=number,
                    transaction_info={"transaction_id": "T-1"}, evse={"id": 1, "connector_id": 1}, id_token=token,
                    meter_value=[{"timestamp": now(), "sampled_value": [sample]}],
                )
            )  # fmt: skip
            assert told.id_token_info["status"] == "Accepted"
        return "T-1"


class Station201(_Station2x, v201.ChargePoint):
    words = v201

    def __init__(self, identity: str, socket: Any) -> None:
        super().__init__(identity, socket)
        self.asked = []


class Station21(_Station2x, v21.ChargePoint):
    words = v21

    def __init__(self, identity: str, socket: Any) -> None:
        super().__init__(identity, socket)
        self.asked = []


STATIONS: dict[str, Any] = {"1.6": Station16, "2.0.1": Station201, "2.1": Station21}
RESETS = {"1.6": "Soft", "2.0.1": "OnIdle", "2.1": "OnIdle"}


@contextlib.asynccontextmanager
async def connected(service: Service, version: str) -> AsyncIterator[Any]:
    """A station that listens."""
    async with websockets.connect(
        f"{service.station_url}/PACKAGE",
        subprotocols=[websockets.Subprotocol(f"ocpp{version}")],
        additional_headers=basic("PACKAGE", PASSWORD),
    ) as socket:
        station = STATIONS[version]("PACKAGE", socket)
        listening = asyncio.create_task(station.start())
        try:
            yield station
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)


@pytest.mark.parametrize("version", STATIONS)
async def test_a_station_of_the_package_charges_and_obeys(
    service: Service, api: httpx.AsyncClient, version: str
) -> None:
    made = await api.post("/stations", json={"identity": "PACKAGE", "password": PASSWORD})
    assert made.status_code == 201, made.text
    await api.post("/tokens", json={"id_token": "TAG"})
    async with connected(service, version) as station:
        number = await station.charge()
        started = (await api.post("/stations/PACKAGE/start", json={"id_token": "TAG", "evse_id": 1})).json()
        assert (started["status"], started["response"]["status"]) == ("answered", "Accepted")
        reset = {"action": "Reset", "payload": {"type": RESETS[version]}}
        answer = (await api.post("/stations/PACKAGE/commands", json=reset)).json()
        assert (answer["status"], answer["response"]) == ("answered", {"status": "Accepted"})
        assert station.asked == ["TAG", RESETS[version]]
        shown = (await api.get("/stations/PACKAGE")).json()
        assert (shown["online"], shown["ocpp_version"], shown["vendor"]) == (True, version, "Vendor")
    found = (await api.get("/transactions")).json()["items"]
    assert [(t["transaction_id"], t["energy_wh"], t["state"], t["id_token"]) for t in found] == [
        (number, 1000, "ended", "TAG")
    ]
    values = (await api.get(f"/transactions/{found[0]['id']}/meter-values")).json()["items"]
    assert 600.0 in [value["value"] for value in values]
