"""kill -9 in the middle of charging: every acknowledged message is there, none twice (TRUST R1)."""

import asyncio
import random
import sys
from pathlib import Path

import pytest
from tests.running import api_of, whole_service
from tests.torture.witness import Charger, Program, Witness, compare, free_port, read, scaled

from ocpp_css.app.settings import DATABASE_FILE

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("CS-4"), pytest.mark.trust("R1")]


async def campaign(data: Path, stations: int, kills: int) -> tuple[Witness, int]:
    """Stations charge while the service is killed again and again; what the witness saw, and how many kills."""
    identities = [f"{'V2' if number % 3 == 0 else 'V1'}-{number:04d}" for number in range(stations)]
    async with whole_service(data) as service, await api_of(service) as api:
        made = await api.post("/stations/import", json=[{"identity": name} for name in identities])
        assert made.json()["created"] == stations
        await api.post("/tokens", json={"id_token": "TAG"})
    station_port, web_port = free_port(), free_port()
    program = Program(
        [
            str(Path(sys.executable).with_name("ocpp-css")), "serve", "--data", str(data), "--host", "127.0.0.1",
            "--station-port", str(station_port), "--web-port", str(web_port),
        ]
    )  # fmt: skip
    await program.start()
    witness = Witness()
    chargers = [Charger(f"ws://127.0.0.1:{station_port}/ocpp", name, witness) for name in identities]
    charging = [asyncio.create_task(charger.run()) for charger in chargers]
    for _ in range(kills):
        await asyncio.sleep(random.uniform(0.5, 2.0))
        await program.kill()
        await program.start()
    for charger in chargers:
        charger.stop()
    await asyncio.gather(*charging)
    assert await program.end() == 0
    return witness, kills


def judge(witness: Witness, data: Path) -> str:
    """Compare what was acknowledged with what is on disk; the counts."""
    return compare(witness, read(data / DATABASE_FILE))


@pytest.mark.timeout(300)
async def test_nothing_acknowledged_is_lost_or_doubled_by_kills(tmp_path: Path) -> None:
    witness, _ = await campaign(tmp_path / "data", stations=60, kills=3)
    judge(witness, tmp_path / "data")
    assert witness.retries > 0


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("stations", "kills"), [(500, scaled(100, 1000))])
async def test_nothing_acknowledged_is_lost_or_doubled_by_many_kills(tmp_path: Path, stations: int, kills: int) -> None:
    witness, count = await campaign(tmp_path / "data", stations=stations, kills=kills)
    sys.stdout.write(f"\n{count} kills of {stations} charging stations: {judge(witness, tmp_path / 'data')}\n")
