"""Databases of each kind, migrated once and copied for each test."""

import asyncio
import shutil
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from tests.postgres import USER, Postgres
from tests.secret_key import vault_of

from ocpp_css.assembly import find_areas
from ocpp_css.bus import InProcessBus
from ocpp_css.kit.clock import system_clock
from ocpp_css.storage import Database, migrating
from ocpp_css.storage.opening import open_database

Opener = Callable[..., Awaitable[Database]]


def in_a_thread(work: Coroutine[Any, Any, None]) -> None:
    """Fixtures that are made once have no loop of their own."""
    faults: list[BaseException] = []

    def run() -> None:
        try:
            asyncio.run(work)
        except BaseException as fault:  # noqa: BLE001 - raised again below
            faults.append(fault)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if faults:
        raise faults[0]


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file."""
    path = tmp_path_factory.mktemp("template") / "template.db"
    find_areas("ocpp_css")
    in_a_thread(migrating.bring_up_to_date(f"sqlite:///{path}", migrate=True))
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres: Postgres) -> str:
    """The name of a migrated database."""
    find_areas("ocpp_css")
    url = postgres.new_database()
    in_a_thread(migrating.bring_up_to_date(url, migrate=True))
    return url.rpartition("/")[2]


@pytest.fixture(params=["sqlite", "postgresql"])
def migrated_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of each kind with all tables and no rows."""
    if request.param == "sqlite":
        path = tmp_path / "test.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        return f"sqlite:///{path}"
    template = request.getfixturevalue("postgres_template")
    return copy_of(request.getfixturevalue("postgres"), template)


def copy_of(server: Postgres, template: str) -> str:
    """A new database like `template`."""
    url = server.new_database()
    name = url.rpartition("/")[2]

    async def copy() -> None:
        connection = await asyncpg.connect(server.administrator_url)
        await connection.execute(f"DROP DATABASE {name}")
        await connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} OWNER {USER}")
        await connection.close()

    in_a_thread(copy())
    return url


@pytest.fixture
async def opened(migrated_url: str) -> AsyncIterator[Opener]:
    """Opens the test's database, as often as asked; all are closed at the end."""
    found: list[Database] = []

    async def open_one() -> Database:
        db = await open_database(migrated_url, InProcessBus(), system_clock, vault_of(migrated_url))
        found.append(db)
        return db

    yield open_one
    for db in found:
        await db.close()


@pytest.fixture
async def db(opened: Opener) -> Database:
    """The test's database, open."""
    return await opened()
