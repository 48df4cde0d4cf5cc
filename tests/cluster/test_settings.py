"""What several processes must share, and `serve --workers`."""

import asyncio
import os
import signal
import subprocess
from pathlib import Path

import httpx
import pytest
import websockets
from tests.nats_server import NatsServer
from tests.postgres import Postgres
from tests.running import Wire, whole_service
from tests.torture.town import PROGRAM

from ocpp_css.app.settings import NotTogether, Settings
from ocpp_css.app.supervising import environment, roles
from ocpp_css.storage.keys import AnotherKey

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("CS-15")]


@pytest.mark.parametrize(
    "given", [{"workers": 2}, {"role": "web"}, {"bus": "nats://x"}, {"role": "gateway", "database": "postgresql://x"}]
)
async def test_several_processes_need_a_shared_database_and_a_bus(tmp_path: Path, given: dict[str, object]) -> None:
    with pytest.raises(NotTogether):
        async with whole_service(tmp_path, **given):
            pass


async def test_a_process_with_another_secret_key_does_not_start(postgres: Postgres, tmp_path: Path) -> None:
    database = postgres.new_database()
    async with whole_service(tmp_path / "one", database=database):
        pass
    with pytest.raises(AnotherKey):
        async with whole_service(tmp_path / "two", database=database):
            pass


def test_each_process_is_told_its_part_by_variables_that_others_cannot_read() -> None:
    settings = Settings(database="postgresql://u:p@x/d", bus="nats://x", workers=3, trusted_proxy=("10.0.0.0/8", "::1"))
    assert roles(settings) == ["web", "worker", "gateway", "gateway", "gateway"]
    told = environment(settings, "gateway")
    assert told["OCPP_CSS_DATABASE"] == "postgresql://u:p@x/d"
    assert (told["OCPP_CSS_ROLE"], told["OCPP_CSS_WORKERS"], told["OCPP_CSS_WEB_PORT"]) == ("gateway", "1", "0")
    assert told["OCPP_CSS_TRUSTED_PROXY"] == "10.0.0.0/8 ::1"
    assert "OCPP_CSS_NO_MIGRATE" not in told


@pytest.mark.timeout(240)
async def test_workers_share_the_stations_port_and_one_that_dies_is_started_again(
    postgres: Postgres, nats_server: NatsServer, tmp_path: Path
) -> None:
    given = {
        "OCPP_CSS_DATABASE": postgres.new_database(),
        "OCPP_CSS_BUS": nats_server.url,
        "OCPP_CSS_HOST": "127.0.0.1",
    }
    process = await asyncio.create_subprocess_exec(
        PROGRAM, "serve", "--workers", "2", "--data", str(tmp_path / "data"), "--web-port", "0", "--station-port", "0",
        env=os.environ | given, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    said: list[str] = []
    while (line := (await process.stdout.readline()).decode().strip()) != "ready":
        assert line, said
        said.append(line)
    stations = next(line.split()[1] for line in said if line.startswith("stations")).removesuffix("/{identity}")
    console = next(line.split()[1] for line in said if line.startswith("API")).removesuffix("/api/v1")
    async with httpx.AsyncClient() as client:
        assert (await client.get(f"{console}/health/ready")).status_code == 200
    with pytest.raises(websockets.InvalidStatus):
        async with websockets.connect(f"{stations}/NOBODY", subprotocols=[websockets.Subprotocol("ocpp1.6")]) as socket:
            await Wire(socket).boot()
    found = await asyncio.to_thread(
        subprocess.run, ["ps", "-o", "pid=", "--ppid", str(process.pid)], capture_output=True, text=True, check=True
    )
    children = found.stdout.split()
    assert len(children) == 4
    os.kill(int(children[-1]), signal.SIGKILL)
    assert "started again" in (await process.stdout.readline()).decode()
    process.terminate()
    assert await process.wait() == 0
