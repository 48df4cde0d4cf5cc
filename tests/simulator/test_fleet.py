"""Many stations in one loop."""

import asyncio

import pytest
from tests.simulator.conftest import Peer, Server, default_answers

from ocpp_css.ocpp.messages import Version
from ocpp_css.simulator.fleet import TICK_S, Fleet, Wheel
from ocpp_css.simulator.machine import Options
from ocpp_css.simulator.scenario import IDLE, parse

pytestmark = pytest.mark.anyio

CHARGE = parse("""
    [[steps]]
    do = "plug"
    [[steps]]
    do = "start"
    [[steps]]
    do = "charge"
    minutes = 5
    [[steps]]
    do = "stop"
    [[steps]]
    do = "unplug"
""")
QUICK = Options(identity="", seed=5, time_scale=2000, kept_frames=0, driver_delay_s=None)


async def test_all_connect_and_leave(server: Server):
    fleet = Fleet(server.url, "EMU-{:04d}", 60, version=("1.6", "2.0.1", "2.1"), scenario=IDLE, connect_rate=5000)
    await fleet.start()
    await fleet.online(10)
    assert set(server.peers) == {f"EMU-{number:04d}" for number in range(1, 61)}
    summary = fleet.summary()
    assert (summary.online, summary.accepted, summary.charging) == (60, 60, 0)
    assert fleet.counts.answered >= 60
    assert fleet.counts.errors == 0
    await fleet.stop()
    assert fleet.summary().online == 0


async def test_scenarios_run_to_their_end(server: Server):
    fleet = Fleet(server.url, "EMU-{}", 9, version=("1.6", "2.0.1", "2.1"), scenario=CHARGE, options=QUICK)
    await fleet.start()
    await asyncio.wait_for(fleet.wait(), 20)
    await fleet.stop()
    assert fleet.counts.transactions == 9
    assert fleet.counts.errors == 0
    stops = [peer.all("StopTransaction") for identity, peer in server.peers.items() if identity[-1] in "147"]
    assert all(len(stop) == 1 for stop in stops)


@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
async def test_the_last_words_are_said_before_the_end(
    server: Server, monkeypatch: pytest.MonkeyPatch, version: Version
):
    """A central system that takes its time: whatever the scenario did is told when it is over."""
    at_once = Peer.send
    monkeypatch.setattr(
        Peer, "send", lambda peer, parts: asyncio.get_running_loop().call_later(0.05, at_once, peer, parts)
    )
    fleet = Fleet(server.url, "EMU", 1, version=version, scenario=CHARGE, options=QUICK)
    await fleet.start()
    await asyncio.wait_for(fleet.wait(), 20)
    await fleet.stop()
    (peer,) = server.peers.values()
    last = peer.all("StatusNotification")[-1]
    assert last["status" if version == "1.6" else "connectorStatus"] == "Available"


async def test_stations_that_cannot_say_their_last_words_are_not_waited_for_for_ever(
    server: Server, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("ocpp_css.simulator.fleet.LAST_WORDS_S", 0.2)
    patched = default_answers("1.6") | {"StatusNotification": None}
    monkeypatch.setattr("tests.simulator.conftest.default_answers", lambda _version: patched)
    scenario = parse('[[steps]]\ndo = "plug"\n[[steps]]\ndo = "unplug"')
    fleet = Fleet(server.url, "EMU", 1, scenario=scenario, options=QUICK)
    await fleet.start()
    await asyncio.wait_for(fleet.wait(), 20)
    await fleet.stop()


async def test_connecting_keeps_to_the_rate(server: Server):
    fleet = Fleet(server.url, "EMU-{}", 40, scenario=IDLE, connect_rate=100)
    before = asyncio.get_running_loop().time()
    await fleet.start()
    await fleet.online(10)
    assert asyncio.get_running_loop().time() - before >= 0.25
    await fleet.stop()


async def test_each_may_have_its_own_password(server: Server):
    fleet = Fleet(server.url, "EMU-{}", 2, scenario=IDLE, password=lambda identity: f"secret of {identity}")
    await fleet.start()
    await fleet.online(10)
    await fleet.stop()
    assert len(set(server.headers.values())) == 2


async def test_refusals_are_told(server: Server):
    server.status = 401
    fleet = Fleet(server.url, "EMU-{}", 3, scenario=IDLE)
    await fleet.start()
    await fleet.online(10)
    assert {refusal.status for refusal in fleet.refusals.values()} == {401}
    assert fleet.counts.refused >= 3
    await fleet.stop()


async def test_nobody_listens_and_it_stops_all_the_same():
    fleet = Fleet("ws://localhost:1/ocpp", "EMU-{}", 3, scenario=IDLE)
    await fleet.start()
    with pytest.raises(TimeoutError):
        await fleet.online(0.05)
    await fleet.stop()
    assert fleet.clients[0].trouble or fleet.summary().online == 0


async def test_an_error_of_one_is_raised_and_the_others_stay(server: Server):
    fleet = Fleet(server.url, "EMU-{}", 2, scenario=IDLE)
    await fleet.start()
    await fleet.online(10)

    def broken(_now: float) -> None:
        raise RuntimeError("broken")

    fleet.clients[0].do(broken)
    with pytest.raises(RuntimeError, match="broken"):
        await fleet.wait()
    assert fleet.clients[1].station.is_online
    await fleet.stop()


async def test_lost_stations_come_back(server: Server):
    fleet = Fleet(server.url, "EMU-{}", 5, scenario=IDLE, options=QUICK)
    for client in fleet.clients:
        client.station.machine.settings.put("backoff_wait_s", "0")
        client.station.machine.settings.put("backoff_random_s", "0")
    await fleet.start()
    await fleet.online(10)
    for peer in list(server.peers.values()):
        peer.cut()
    async with asyncio.timeout(10):
        while fleet.counts.reconnects < 5 or fleet.summary().accepted < 5:
            await asyncio.sleep(TICK_S)
    await fleet.stop()


class FakeClient:
    """What the wheel needs of a client."""

    def __init__(self) -> None:
        self.slot: int | None = None
        self.woken = 0

    def wake(self) -> None:
        self.woken += 1


def test_the_wheel_wakes_in_time_and_once():
    wheel = Wheel(100.0)
    early, late = FakeClient(), FakeClient()
    wheel.watch(early, 100.3)  # type: ignore[arg-type]
    wheel.watch(late, 105.0)  # type: ignore[arg-type]
    wheel.turn(100.2)
    assert early.woken == 0
    wheel.turn(100.31)
    assert (early.woken, late.woken) == (1, 0)
    wheel.watch(late, 101.0)  # type: ignore[arg-type]
    wheel.turn(106.0)
    assert (early.woken, late.woken) == (1, 1)
