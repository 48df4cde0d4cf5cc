"""Two gateways, a web and a worker, each a whole service in this process, over a real PostgreSQL and NATS."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

import httpx
import pytest
from tests.nats_server import NatsServer
from tests.postgres import Postgres
from tests.running import api_of, until, whole_service

from ocpp_css.app.running import Service


@dataclass
class Cluster:
    """The services by what they do, and a client of the one for people."""

    east: Service
    west: Service
    web: Service
    worker: Service
    api: httpx.AsyncClient

    async def online(self, identity: str) -> bool:
        """What the interface says of a station."""
        answer = await self.api.get(f"/stations/{identity}")
        return bool(answer.json()["online"])

    async def until_online(self, identity: str, *, expected: bool = True) -> None:
        """Wait for it."""

        async def is_so() -> bool:
            return await self.online(identity) is expected

        await until(is_so)


@pytest.fixture(scope="module")
async def cluster(
    postgres: Postgres, nats_server: NatsServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Cluster]:
    data = tmp_path_factory.mktemp("cluster") / "data"
    shared = {"database": postgres.new_database(), "bus": nats_server.url}
    async with AsyncExitStack() as stack:
        found = [
            await stack.enter_async_context(whole_service(data, role=role, **shared))
            for role in ("web", "gateway", "gateway", "worker")
        ]
        api = await stack.enter_async_context(await api_of(found[0]))
        yield Cluster(web=found[0], east=found[1], west=found[2], worker=found[3], api=api)
