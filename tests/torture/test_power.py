"""The power goes while stations charge: nothing acknowledged is lost, nothing cannot be opened (TRUST R2)."""

import asyncio
import random
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.running import api_of, whole_service
from tests.torture.power import Disk, Judge, cuts
from tests.torture.recorder import FILES, SYNC, WRITE, Event, read_trace
from tests.torture.witness import Charger, Program, Witness, free_port, scaled

from ocpp_css.app.settings import DATABASE_FILE

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("CS-4"), pytest.mark.trust("R2")]

CHECKPOINT_BYTES = 128 << 10
"""The log goes into the database so early that many cuts fall into it."""

SEED = 1


@dataclass
class Recorded:
    """What the program did with its files, what it began with, and what stations were told meanwhile."""

    data: Path
    begun_with: list[bytes | None]
    events: list[Event]
    witness: Witness


async def record(data: Path, stations: int, seconds: float) -> Recorded:
    """Stations charge at a real process of the program, whose disk is watched."""
    identities = [f"{'V2' if number % 3 == 0 else 'V1'}-{number:04d}" for number in range(stations)]
    async with whole_service(data) as service, await api_of(service) as api:
        made = await api.post("/stations/import", json=[{"identity": name} for name in identities])
        assert made.json()["created"] == stations
        await api.post("/tokens", json={"id_token": "TAG"})
    database, trace, station_port = (data / DATABASE_FILE).resolve(), data / "trace", free_port()
    paths = [database.with_name(database.name + ending) for ending in FILES]
    begun_with = [path.read_bytes() if path.exists() else None for path in paths]
    program = Program(
        [
            sys.executable, "-m", "tests.torture.recorder", str(trace), str(database), str(CHECKPOINT_BYTES), "serve",
            "--data", str(data), "--host", "127.0.0.1", "--station-port", str(station_port), "--web-port",
            str(free_port()),
        ]
    )  # fmt: skip
    await program.start()
    witness = Witness()
    chargers = [Charger(f"ws://127.0.0.1:{station_port}/ocpp", name, witness) for name in identities]
    charging = [asyncio.create_task(charger.run()) for charger in chargers]
    await asyncio.sleep(seconds)
    for charger in chargers:
        charger.stop()
    await asyncio.gather(*charging)
    await program.kill()
    return Recorded(data, begun_with, list(read_trace(trace)), witness)


@pytest.fixture
def folder() -> Iterator[Path]:
    """In memory where that is possible: a disk would be slower, and no more true."""
    memory = Path("/dev/shm")
    made = Path(tempfile.mkdtemp(dir=memory if memory.is_dir() else None))
    yield made
    shutil.rmtree(made)


def campaign(recorded: Recorded, folder: Path, number: int, *, is_deaf: bool = False) -> tuple[Judge, int]:
    """Cut so often, judge each; the judge with the last cut laid out, and how many acknowledgements were looked for."""
    dice = random.Random(SEED)
    disk = Disk([None if one is None else bytearray(one) for one in recorded.begun_with], is_deaf=is_deaf)
    judge, places, looked_for = Judge(recorded.witness, folder), cuts(recorded.events, number, dice), 0
    for place, event in enumerate(recorded.events):
        while places and places[0] == place:
            places.pop(0)
            judge.lay_out(disk.after_cut(dice, event))
            looked_for += judge.judge(event.began)
        disk.take(event)
    return judge, looked_for


def told(recorded: Recorded, number: int, looked_for: int) -> str:
    """The counts of a campaign."""
    kinds = [event.kind for event in recorded.events]
    return (
        f"{number} power cuts among {kinds.count(WRITE)} writes and {kinds.count(SYNC)} syncs, seed {SEED}: "
        f"{looked_for} acknowledgements looked for ({len(recorded.witness.moments)} at the end), 0 lost, "
        f"0 that could not be opened"
    )


@pytest.mark.timeout(300)
async def test_nothing_acknowledged_is_lost_when_the_power_goes(tmp_path: Path, folder: Path) -> None:
    recorded = await record(tmp_path / "data", stations=12, seconds=2)
    judge, looked_for = campaign(recorded, folder, 60)
    assert looked_for > 60
    in_database = [event for event in recorded.events if event.kind == WRITE and event.file == 0]
    assert in_database, "no cut fell into a checkpoint"
    # The program itself takes what the last cut left, and serves.
    for ending in FILES:
        kept = judge.database.with_name(judge.database.name + ending)
        (tmp_path / "data" / (DATABASE_FILE + ending)).unlink(missing_ok=True)
        if kept.exists():
            shutil.copy(kept, tmp_path / "data" / (DATABASE_FILE + ending))
    async with whole_service(tmp_path / "data") as service, await api_of(service) as api:
        assert (await api.get("/transactions", params={"limit": 1})).json()["items"]
    # A disk that only says that it has synced loses what was acknowledged, and the campaign sees it.
    with pytest.raises((AssertionError, sqlite3.DatabaseError)):
        campaign(recorded, folder, 60, is_deaf=True)


@pytest.mark.slow
@pytest.mark.timeout(7200)
async def test_nothing_acknowledged_is_lost_by_many_power_cuts(tmp_path: Path, folder: Path) -> None:
    recorded = await record(tmp_path / "data", stations=40, seconds=8)
    number = scaled(1_000, 10_000)
    _, looked_for = campaign(recorded, folder, number)
    sys.stdout.write(f"\n{told(recorded, number, looked_for)}\n")
