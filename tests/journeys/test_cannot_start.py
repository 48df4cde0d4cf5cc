"""What a person reads where the program cannot do what was asked: it says why, and ends."""

import asyncio
import socket
import sys
from pathlib import Path

import pytest
from tests.running import whole_service

from ocpp_css.app.cli import remote

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("option", ["--web-port", "--station-port"])
async def test_a_taken_port_is_named_and_the_program_ends(tmp_path: Path, option: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = str(other.getsockname()[1])
        ports = {"--web-port": "0", "--station-port": "0", option: taken}
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", "from ocpp_css.app.cli import main; main()", "serve", "--data", str(tmp_path),
            "--host", "127.0.0.1", *(word for pair in ports.items() for word in pair),
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            out, told = await asyncio.wait_for(process.communicate(), 30)
        finally:
            if process.returncode is None:
                process.kill()
    assert process.returncode == 1
    assert b"ready" not in out
    last = told.decode().splitlines()[-1]
    assert f"port {taken} cannot be opened" in last
    assert "address already in use" in last


async def test_a_taken_port_leaves_nothing_open(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(OSError, match="web port"):
        async with whole_service(tmp_path, web_port=other.getsockname()[1]):
            pass
    async with whole_service(tmp_path) as service:
        assert service.web_url


def test_a_command_without_a_key_says_how_to_get_one() -> None:
    with pytest.raises(remote.Refused, match="OCPP_CSS_API_KEY"):
        remote.Api(remote.LOCAL, "")


def test_a_list_in_a_pipe_is_not_cut(capsys: pytest.CaptureFixture[str]) -> None:
    item = {"identity": "CP-0001-OF-THE-LONG-CAR-PARK-BY-THE-HARBOUR", "name": "x" * 90, "last_seen_at": None}
    remote.show_list({"items": [item], "next_cursor": None}, tuple(item), as_json=False)
    shown = capsys.readouterr().out
    assert item["identity"] in shown
    assert "x" * 90 in shown
