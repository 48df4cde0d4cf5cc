"""One station on a real socket, driven by hand."""

import ssl
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from tests.simulator.conftest import VERSIONS, Server, make_certificate

from ocpp_css.simulator.client import LiveStation, live_station, run_station
from ocpp_css.simulator.machine import Options
from ocpp_css.simulator.mischief import Drop
from ocpp_css.simulator.scenario import parse
from ocpp_css.simulator.shell import Endpoint, Refused, tls

pytestmark = pytest.mark.anyio


def options(version: str = "1.6", **more: object) -> Options:
    return Options(identity="CP1", version=version, seed=3, driver_delay_s=None, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("version", VERSIONS)
async def test_one_station_is_driven_step_by_step(server: Server, version: str):
    async with live_station(server.url, options(version)) as station:
        await station.plug_in(1)
        assert await station.start(1, "TAG") is None
        await station.send_meter_values(1)
        assert await station.stop(1) is None
        await station.unplug(1)
        kept = "StopTransaction" if version == "1.6" else "TransactionEvent"
        assert station.sent(kept) == server.peers["CP1"].all(kept)
        assert station.sent(kept)
        assert len(station.frames) == 2 * station.counts.sent


@pytest.mark.parametrize("version", VERSIONS)
async def test_what_happens_while_away_follows(server: Server, version: str):
    async with live_station(server.url, options(version)) as station:
        await station.authorize("TAG")
        await station.disconnect()
        await station.plug_in(1)
        await station.start(1, "TAG")
        await station.stop(1)
        await station.connect()
        kept = "StopTransaction" if version == "1.6" else "TransactionEvent"
        assert station.sent(kept) == server.peers["CP1"].all(kept)
        assert len(station.sent("BootNotification")) == 1


async def test_the_password_goes_with_the_handshake(server: Server):
    async with live_station(server.url, options(), password="secret"):
        assert server.headers["CP1"] == "Basic Q1AxOnNlY3JldA=="


async def test_without_a_password_nothing_is_shown(server: Server):
    async with live_station(server.url, options()):
        assert server.headers["CP1"] is None


async def test_a_refusal_is_raised(server: Server):
    server.status = 401
    with pytest.raises(Refused, match="refused CP1: HTTP 401"):
        async with live_station(server.url, options()):
            pass


async def test_a_central_system_that_picks_no_version_is_left(server: Server):
    server.picks = False
    with pytest.raises(Refused, match="another version"):
        async with live_station(server.url, options()):
            pass


async def test_a_lost_socket_is_opened_again(server: Server):
    async with live_station(server.url, options()) as station:
        station.core.machine.settings.put("backoff_wait_s", "0")
        station.core.machine.settings.put("backoff_random_s", "0")
        server.peers["CP1"].cut()
        await station.wait_until(lambda: station.counts.reconnects == 1 and station.core.is_ready)
        await station.misbehave(Drop())
        await station.wait_until(lambda: station.counts.reconnects == 2 and station.core.is_ready)


async def test_the_central_system_asks(server: Server):
    async with live_station(server.url, options()):
        answer = await server.peers["CP1"].ask("GetConfiguration", {"key": ["HeartbeatInterval", "NoSuchKey"]})
        assert answer["unknownKey"] == ["NoSuchKey"]


async def test_a_new_password_is_used_at_once(server: Server):
    async with live_station(server.url, options(), password="old") as station:
        station.core.machine.settings.put("backoff_wait_s", "0")
        station.core.machine.settings.put("backoff_random_s", "0")
        secret = "0123456789abcdef0123456789abcdef01234567"
        answer = await server.peers["CP1"].ask("ChangeConfiguration", {"key": "AuthorizationKey", "value": secret})
        assert answer == {"status": "Accepted"}
        assert station.core.password == bytes.fromhex(secret)
        await station.wait_until(lambda: server.connects == 2 and station.core.is_ready)


async def test_an_error_of_the_emulation_is_raised(server: Server):
    async with live_station(server.url, options()) as station:

        def fail(_answer: object) -> None:
            raise RuntimeError("broken")

        letter = station.core.machine.words.heartbeat()
        letter.done = fail
        station.core.machine.send(letter)
        with pytest.raises(RuntimeError, match="broken"):
            await station.plug_in(1)


async def test_silence_is_a_time_out(server: Server):
    station = LiveStation(server.url, options(), timeout_s=0.01)
    await station.connect()
    server.peers["CP1"].answers["Authorize"] = None
    with pytest.raises(TimeoutError):
        await station.authorize("TAG")
    await station.close()


async def test_a_scenario_runs_to_its_end(server: Server):
    play = parse("""
        [[steps]]
        do = "plug"
        [[steps]]
        do = "start"
        [[steps]]
        do = "charge"
        kwh = 1
        [[steps]]
        do = "stop"
    """)
    fast = options(time_scale=10_000)
    counts = await run_station(server.url, fast, scenario=play)
    assert counts.transactions == 1
    assert server.peers["CP1"].all("StopTransaction")


def test_the_identity_is_appended_or_put_in_its_place():
    assert Endpoint("ws://host/ocpp/").of("A B") == "ws://host/ocpp/A%20B"
    assert Endpoint("ws://host/ocpp/{identity}/a-code").of("A/B") == "ws://host/ocpp/A%2FB/a-code"


def certificate(folder: Path) -> Path:
    """A certificate for localhost, with its key in the same file."""
    made, key = make_certificate()
    path = folder / "localhost.pem"
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(made.public_bytes(pem) + secret)
    return path


async def test_tls_with_an_authority_of_its_own(tmp_path: Path):
    path = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    async with (
        Server().running(context) as server,
        live_station(server.url, options("2.0.1"), password="p", ssl_context=tls(path)) as station,
    ):
        assert server.url.startswith("wss://")
        assert station.core.is_ready


def test_no_files_mean_the_authorities_of_the_system():
    assert tls() is None
