"""Each process of `serve --workers` tells of itself at a port of its own."""

import socket
from pathlib import Path

import httpx
import pytest
from tests.journeys.serving import Served
from tests.nats_server import NatsServer
from tests.postgres import Postgres
from tests.running import station, until

pytestmark = pytest.mark.anyio
PROCESSES = 4


def free_ports() -> int:
    """The first of as many free ports in a row."""
    for first in range(20_000, 30_000, PROCESSES):
        sockets = [socket.socket() for _ in range(PROCESSES)]
        try:
            for place, one in enumerate(sockets):
                one.bind(("127.0.0.1", first + place))
        except OSError:
            continue
        finally:
            for one in sockets:
                one.close()
        return first
    raise AssertionError("no free ports")


async def test_health_and_metrics_of_each_process(postgres: Postgres, nats_server: NatsServer, tmp_path: Path) -> None:
    first, url = free_ports(), postgres.new_database()
    more = ("--bus", nats_server.url, "--workers", "2", "--watch-port", str(first))
    served = await Served.start(tmp_path, "--database", url, more=more)
    try:
        async with httpx.AsyncClient(timeout=30) as client:
            for place in range(PROCESSES):
                answer = await client.get(f"http://127.0.0.1:{first + place}/health/ready")
                assert (answer.status_code, answer.json()["status"]) == (200, "ok"), answer.text
            await served.register("CP1")
            async with station(served, "CP1") as wire:
                await wire.boot()

                async def is_counted() -> bool:
                    told = [
                        (await client.get(f"http://127.0.0.1:{first + place}/metrics")).text
                        for place in range(PROCESSES)
                    ]
                    return sum('ocpp_css_connections{version="1.6"} 1.0' in text for text in told) == 1

                await until(is_counted)
        assert await served.stop() == 0
    finally:
        if served.process.returncode is None:
            await served.kill()
