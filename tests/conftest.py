"""What all tests share: the event loop, a database of each kind, a whole service."""

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.sql.expression import TextClause
from tests.nats_server import NatsServer
from tests.postgres import Postgres
from tests.running import api_of, whole_service

from ocpp_css.app.running import Service
from ocpp_css.observe import logs
from ocpp_css.storage import METADATA

structlog.configure(processors=logs.processors(is_terminal=True))
"""As the program does it: structlog's own picture of an exception takes a second of the loop's time."""

_READ = re.compile(r'\b(?:FROM|JOIN|,)\s+"?(\w+)"?')


@event.listens_for(Engine, "before_cursor_execute")
def look_once_more(*sent: Any) -> None:
    """Whatever tests make the service read names the tenant of each table, or is said to be for all (TRUST A49);
    texts are the tests' own, for a unit refuses them."""
    _connection, _cursor, statement, _values, context, _is_many = sent
    if context is None or context.compiled is None or not statement.startswith("SELECT"):
        return
    if isinstance(context.compiled.statement, TextClause) or context.execution_options.get("every_tenant"):
        return
    for table in set(_READ.findall(statement)) & METADATA.tables.keys():
        named = f"{table}.tenant_id = " in statement or f" = {table}.tenant_id" in statement
        assert named, f"a query forgot its tenant: {statement}"


@pytest.fixture(scope="session")
def anyio_backend() -> tuple[str, dict[str, Any]]:
    """The loop the product runs on."""
    return "asyncio", {"use_uvloop": True}


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A real PostgreSQL of this test process."""
    server = Postgres()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def nats_server() -> Iterator[NatsServer]:
    """A real NATS of this test process."""
    server = NatsServer()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'test.db'}"
    server: Postgres = request.getfixturevalue("postgres")
    return server.new_database()


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    """The whole service on SQLite."""
    async with whole_service(tmp_path / "data") as found:
        yield found


@pytest.fixture
async def api(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    """The API of the default account, with every permission."""
    async with await api_of(service) as client:
        yield client
