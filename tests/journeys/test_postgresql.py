"""The same charge on PostgreSQL as on SQLite."""

from pathlib import Path

import pytest
from tests.postgres import Postgres
from tests.running import api_of, now, station, whole_service

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("CS-4")
async def test_a_station_of_1_6_charges_on_postgresql(postgres: Postgres, tmp_path: Path) -> None:
    database = postgres.new_database()
    async with whole_service(tmp_path / "data", database=database) as service, await api_of(service) as api:
        await api.post("/stations", json={"identity": "CP1"})
        await api.post("/tokens", json={"id_token": "TAG"})
        async with station(service, "CP1") as wire:
            await wire.boot()
            start = {"connectorId": 1, "idTag": "TAG", "meterStart": 100, "timestamp": now()}
            started = await wire.ask("StartTransaction", start)
            again = await wire.ask("StartTransaction", start)
            assert again == started
            stop = {"transactionId": started["transactionId"], "meterStop": 1100, "timestamp": now()}
            await wire.ask("StopTransaction", stop)
        found = (await api.get("/transactions")).json()["items"]
        assert [(t["energy_wh"], t["state"], t["authorization"]) for t in found] == [(1000, "ended", "Accepted")]
