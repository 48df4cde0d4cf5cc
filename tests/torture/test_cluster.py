"""Processes die, sleep, and lose the database, while stations charge and commands are sent (TRUST R9, R10, R11)."""

import asyncio
import random
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from tests.torture.town import Commander, Town, slowest, town
from tests.torture.witness import scaled

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("CS-15")]
REHOMED_S = 30.0
DRAINED_S = 10.0


def say(text: str) -> None:
    sys.stdout.write(f"\n{text}\n")
    sys.stdout.flush()


async def campaign(
    data: Path, stations: int, times: int, harm: Callable[[Town], Awaitable[None]], **how: float
) -> tuple[str, Town]:
    """Stations charge and obey while `harm` is done again and again; what was counted."""
    async with town(data) as found:
        await found.charge(stations, patience_s=how.get("patience_s", 3.0), pace_s=how.get("pace_s", 0.0))
        commander = Commander(found, pace_s=how.get("command_s", 0.05))
        commander.begin()
        for _ in range(times):
            await asyncio.sleep(random.uniform(0.5, how.get("rest_s", 1.5)))
            await harm(found)
        await asyncio.sleep(1)
        await commander.end()
        told = f"{await found.judge()}; {await commander.judge()}"
        homes = found.witness.homes
        assert max(homes, default=0.0) <= REHOMED_S
        return f"{told}; {len(homes)} times a station moved, p99 {slowest(homes, 0.99):.1f} s", found


async def lose_a_gateway(found: Town) -> None:
    """SIGKILL; another takes its place a moment later."""
    gateway = random.choice(found.gateways)
    await gateway.kill()
    await asyncio.sleep(random.uniform(0.1, 1.0))
    await gateway.start()


def hold_a_gateway(shortest_s: float, longest_s: float) -> Callable[[Town], Awaitable[None]]:
    """SIGSTOP, and SIGCONT after a while: its stations are elsewhere by then, or not."""

    async def hold(found: Town) -> None:
        gateway = random.choice(found.gateways)
        gateway.pause()
        await asyncio.sleep(random.uniform(shortest_s, longest_s))
        gateway.go_on()

    return hold


@pytest.mark.trust("R9")
@pytest.mark.trust("R10")
@pytest.mark.trust("R11")
@pytest.mark.timeout(240)
async def test_a_gateway_dies_another_sleeps_and_the_database_goes(tmp_path: Path) -> None:
    """A sample of the campaigns below, in one town."""
    async with town(tmp_path / "data", gateways=2, has_worker=False) as found:
        await found.charge(30, patience_s=1.5, pace_s=0.02)
        commander = Commander(found, pace_s=0.05)
        commander.begin()
        await asyncio.sleep(1)
        await found.gateways[0].kill()
        await asyncio.sleep(1)
        await found.gateways[0].start()
        await hold_a_gateway(3, 4)(found)
        await asyncio.sleep(1)
        await commander.end()
        assert found.witness.homes
        await lose_the_database(found, 3)
        told = f"{await found.judge()}; {await commander.judge()}"
        say(f"{told}; {len(found.witness.homes)} stations moved, the slowest in {max(found.witness.homes):.1f} s")


async def everybody_is_answered(found: Town) -> None:
    """Wait until each station has one more answer than now."""
    before = {charger.identity: charger.answers for charger in found.chargers}
    while any(charger.answers == before[charger.identity] for charger in found.chargers):
        await asyncio.sleep(0.05)


async def lose_the_database(found: Town, lasting_s: float) -> float:
    """It goes and comes back; no station loses its connection. After how long each was answered again."""
    for charger in found.chargers:
        charger.patience_s = lasting_s + 60
    await everybody_is_answered(found)
    moved, retries = len(found.witness.homes), found.witness.retries
    found.postgres.halt()
    await asyncio.sleep(lasting_s)
    returned = time.monotonic()
    found.postgres.start()
    await everybody_is_answered(found)
    assert (len(found.witness.homes), found.witness.retries) == (moved, retries), "stations lost their connections"
    return time.monotonic() - returned


@pytest.mark.slow
@pytest.mark.trust("R9")
@pytest.mark.timeout(7200)
async def test_many_gateways_die_under_a_thousand_stations(tmp_path: Path) -> None:
    times = scaled(50, 500)
    told, _ = await campaign(
        tmp_path / "data", 1_000, times, lose_a_gateway, pace_s=2.0, patience_s=10, rest_s=4, command_s=0.05
    )
    say(f"R9: {times} gateways killed under 1,000 stations: {told}")


@pytest.mark.slow
@pytest.mark.trust("R10")
@pytest.mark.timeout(72_000)
async def test_gateways_sleep_again_and_again(tmp_path: Path) -> None:
    times, longest = scaled(50, 500), scaled(30, 120)
    told, _ = await campaign(tmp_path / "data", 200, times, hold_a_gateway(1, longest), pace_s=0.5, rest_s=2)
    say(f"R10: {times} gateways held for 1 to {longest} s under 200 stations: {told}")


@pytest.mark.slow
@pytest.mark.trust("R11")
@pytest.mark.timeout(14_400)
async def test_the_database_goes_for_a_minute_again_and_again(tmp_path: Path) -> None:
    times = scaled(3, 100)
    async with town(tmp_path / "data") as found:
        await found.charge(500, patience_s=120, pace_s=0.5)
        drained = []
        for _ in range(times):
            await asyncio.sleep(2)
            drained.append(await lose_the_database(found, 60))
        say(
            f"R11: {times} outages of 60 s: {await found.judge()}; 0 of 500 connections lost; "
            f"all answered again {max(drained):.1f} s after the return at most"
        )
        assert max(drained) <= DRAINED_S
