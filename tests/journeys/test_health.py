"""`/health/ready` tells the truth: red while nothing can be committed, green again afterwards."""

import asyncio
import resource
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets
from tests.journeys.serving import Served
from tests.postgres import Postgres
from tests.running import station, until

from ocpp_css.app.running import Service

pytestmark = pytest.mark.anyio
NO_LIMIT = resource.RLIM_INFINITY


async def ready(client: httpx.AsyncClient) -> tuple[int, dict[str, str]]:
    answer = await client.get("/health/ready")
    return answer.status_code, answer.json()["checks"]


async def test_a_service_that_is_well_says_so(service: Service) -> None:
    async with httpx.AsyncClient(base_url=service.web_url) as client:
        code, checks = await ready(client)
        own_disk = {"disk"} if service.wiring.db.is_embedded else set()
        assert (code, set(checks.values())) == (200, {"ok"})
        assert set(checks) == {"database", "writer", "bus", "stations"} | own_disk
        assert (await client.get("/health/live")).status_code == 200


async def test_it_is_not_ready_while_postgresql_is_away(tmp_path: Path) -> None:
    server = Postgres()
    served = await Served.start(tmp_path, "--database", server.new_database())
    try:
        async with httpx.AsyncClient(base_url=served.web_url, timeout=30) as client:
            assert (await ready(client))[0] == 200
            await asyncio.to_thread(server.halt)
            await until(lambda: _red(client, "writer", "database"))
            assert (await client.get("/health/live")).status_code == 200
            await asyncio.to_thread(server.start)
            await until(lambda: _green(client))
        assert await served.stop() == 0
    finally:
        if served.process.returncode is None:
            await served.kill()
        server.stop()


async def _red(client: httpx.AsyncClient, *names: str) -> bool:
    code, checks = await ready(client)
    return code == 503 and all(checks[name] in {"failed", "timeout"} for name in names)


async def _green(client: httpx.AsyncClient) -> bool:
    code, checks = await ready(client)
    return code == 200 and set(checks.values()) == {"ok"}


@pytest.mark.trust("R15")
async def test_it_is_not_ready_while_the_disk_takes_no_more(tmp_path: Path) -> None:
    """The limit of the size of a file makes each write of the process fail, as a full disk does."""
    served = await Served.start(tmp_path)
    await served.register("CP1")
    try:
        async with httpx.AsyncClient(base_url=served.web_url, timeout=30) as client:
            assert (await ready(client))[0] == 200
            resource.prlimit(served.process.pid, resource.RLIMIT_FSIZE, (1024, NO_LIMIT))
            await until(lambda: _red(client, "writer"))
            with pytest.raises(websockets.ConnectionClosedError, match="1012"):
                await boot(served)
            assert (await client.get("/health/live")).status_code == 200
            resource.prlimit(served.process.pid, resource.RLIMIT_FSIZE, (NO_LIMIT, NO_LIMIT))
            await until(lambda: _green(client))
            assert (await boot(served))["status"] == "Accepted"
        assert await served.stop() == 0
    finally:
        if served.process.returncode is None:
            await served.kill()


async def boot(served: Served) -> Any:
    """What a station that comes is answered."""
    async with station(served, "CP1") as wire:
        return await wire.boot()
