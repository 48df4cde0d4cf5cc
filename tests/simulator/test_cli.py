"""The command, in a process of its own and in this one."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest
from tests.simulator.conftest import Server

from ocpp_css.simulator import cli

pytestmark = pytest.mark.anyio

RUN = """
import cyclopts
from ocpp_css.simulator.cli import emulate
app = cyclopts.App()
app.default(emulate)
app()
"""
ENDING = """
[[steps]]
do = "plug"
[[steps]]
do = "start"
[[steps]]
do = "stop"
"""


async def command(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        RUN,
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=os.environ | {"COLUMNS": "200"},
    )


async def finished(process: asyncio.subprocess.Process) -> tuple[int, str, str]:
    out, err = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_it_runs_until_it_is_stopped(server: Server, number: signal.Signals):
    process = await command("--url", server.url, "--identity", "EMU", "--count", "3", "--scenario", "idle")
    async with asyncio.timeout(20):
        while server.connects < 3 or not all(peer.calls for peer in server.peers.values()):
            await asyncio.sleep(0.02)
    process.send_signal(number)
    code, out, err = await finished(process)
    assert (code, err) == (0, "")
    assert set(server.peers) == {"EMU-0001", "EMU-0002", "EMU-0003"}
    assert "stations=3" in out


async def test_it_ends_with_its_scenario(server: Server, tmp_path: Path):
    path = tmp_path / "end.toml"
    path.write_text(ENDING)
    process = await command(
        "--url", server.url, "--identity", "EMU", "--version", "2.0.1", "--scenario", str(path), "--id-token", "A"
    )
    code, out, err = await finished(process)
    assert (code, err) == (0, "")
    assert out.endswith("1 of 1 stations charged, in 1 transactions; 1 connections, 0 errors\n")
    events = server.peers["EMU"].all("TransactionEvent")
    assert [event["eventType"] for event in events] == ["Started", "Updated", "Ended"]
    assert events[0]["idToken"]["idToken"] == "A"


@pytest.mark.parametrize("count", ["1", "2"])
async def test_a_refusal_is_told(server: Server, count: str):
    server.status = 401
    process = await command("--url", server.url, "--identity", "EMU", "--password", "wrong", "--count", count)
    code, _, err = await finished(process)
    assert code == 1
    assert "HTTP 401" in err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"url": "http://host"}, "begins with ws://"),
        ({"count": 0}, "at least 1"),
        ({"connectors": 0}, "at least one connector"),
        ({"power_kw": 0.0}, "power"),
        ({"time_scale": 0.0}, "above 0"),
        ({"scenario": "no-such-file.toml"}, "cannot be read"),
        ({"ca": Path("no-such-file.pem")}, "No such file"),
    ],
)
def test_bad_options_are_told(options: dict[str, object], message: str, capsys: pytest.CaptureFixture[str]):
    given = {"url": "ws://localhost:1", "identity": "EMU"} | options
    assert cli.emulate(**given) == 2  # type: ignore[arg-type]
    assert message in capsys.readouterr().err.replace("\n", " ")


def test_braces_in_an_identity_are_no_pattern():
    assert cli._pattern("A{0}", 1).format(1) == "A{0}"
    assert cli._pattern("A{0}", 5).format(3) == "A{0}-0003"


def test_a_table_shows_what_a_line_shows():
    from ocpp_css.simulator.effects import Counts
    from ocpp_css.simulator.fleet import Summary

    summary = Summary(Counts(sent=5), 2, 1, 1, 1, 7000.0, "refused [red]")
    assert "sent=5" in cli._line(summary)
    assert "trouble='refused [red]'" in cli._line(summary)
    assert cli._table(summary).row_count == 14
