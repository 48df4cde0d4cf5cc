"""Old messages go, those of transactions and new ones stay."""

from datetime import timedelta

import httpx
import pytest
from tests.running import now, station

from ocpp_css.app.running import Service
from ocpp_css.charging.messages import jobs

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("SEC-4")
async def test_messages_of_over_thirty_days_go_unless_they_belong_to_a_transaction(
    service: Service, api: httpx.AsyncClient
) -> None:
    await api.post("/stations", json={"identity": "CP1"})
    async with station(service, "CP1") as wire:
        await wire.boot()
        await wire.ask("StartTransaction", {"connectorId": 1, "idTag": "TAG", "meterStart": 0, "timestamp": now()})
    db = service.wiring.db
    assert await jobs.forget(db) == 0
    today = db.clock
    db.clock = lambda: today() + timedelta(days=31)
    try:
        assert await jobs.forget(db) == 1
    finally:
        db.clock = today
    kept = (await api.get("/stations/CP1/messages")).json()["items"]
    assert {message["action"] for message in kept} == {"StartTransaction"}
