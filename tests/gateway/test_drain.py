"""The service is told to stop: what is acknowledged is stored, every station is told to come again (RULES 3)."""

import asyncio
import signal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from tests.gateway.raw import TEXT, RawWire
from tests.journeys.serving import Served
from tests.running import api_of, now, station, whole_service

from ocpp_css.gateway.messages import MESSAGES

pytestmark = pytest.mark.anyio


async def test_a_stopping_service_says_so_and_stores_what_it_answered(tmp_path: Path) -> None:
    async with whole_service(tmp_path) as service:
        async with await api_of(service) as client:
            await client.post("/stations", json={"identity": "CP"})
        async with station(service, "CP") as wire:
            await wire.boot()
            for number in range(200):
                await wire.send([2, f"d{number}", "DataTransfer", {"vendorId": str(number)}])
            answered = [(await wire.receive())[1] for _ in range(50)]
            draining = asyncio.create_task(service.hub.drain())
            with pytest.raises(Exception, match="1001"):  # noqa: PT012 - until the close comes
                while True:
                    answered.append((await wire.receive())[1])
            await draining
            assert wire.socket.close_code == 1001
    async with whole_service(tmp_path) as service:
        rows = await service.wiring.db.across_tenants(select(MESSAGES).where(MESSAGES.c.action == "DataTransfer"))
        stored = [row.message_id for row in rows]
        assert set(answered) <= set(stored)
        assert len(stored) == len(set(stored))
        async with await api_of(service) as client:
            assert (await client.get("/stations/CP")).json()["online"] is False


async def test_who_comes_while_the_service_stops_is_sent_away(tmp_path: Path) -> None:
    async with whole_service(tmp_path) as service:
        async with await api_of(service) as client:
            await client.post("/stations", json={"identity": "CP"})
        service.hub.is_draining = True
        raw = await RawWire.open(service, "/ocpp/CP")
        raw.send(TEXT, b'[2,"1","Heartbeat",{}]')
        assert await raw.closed_with() == 1001
        raw.drop()


async def test_sigterm_ends_the_program_in_order(tmp_path: Path) -> None:
    served = await Served.start(tmp_path)
    await served.register("CP")
    async with station(served, "CP") as wire:  # type: ignore[arg-type]
        await wire.boot()
        start = {"connectorId": 1, "idTag": "T", "meterStart": 0, "timestamp": now()}
        await wire.ask("StartTransaction", start)
        served.process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(wire.socket.wait_closed(), 10)
        assert wire.socket.close_code == 1001
    assert await asyncio.wait_for(served.process.wait(), 20) == 0
    again = await Served.start(tmp_path)
    found: Any = await again.get("/transactions")
    assert [t["meter_start_wh"] for t in found["items"]] == [0]
    assert await again.stop() == 0
