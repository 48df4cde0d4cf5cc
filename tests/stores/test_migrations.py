"""Migrations: from nothing to the tables of the program, on both databases; never against the operator's will."""

import asyncio
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect
from tests.secret_key import vault_of

from ocpp_css.assembly import find_areas
from ocpp_css.bus import InProcessBus
from ocpp_css.kit.clock import system_clock
from ocpp_css.storage import METADATA, migrating
from ocpp_css.storage.opening import open_database

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def areas() -> None:
    find_areas("ocpp_css")


def differences(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(
        connection,
        opts={
            "compare_type": True,
            "include_name": migrating.is_no_partition,
            "include_object": migrating.belongs(connection.dialect.name),
        },
    )
    return compare_metadata(context, METADATA)


async def test_an_empty_database_becomes_what_the_program_needs(database_url: str) -> None:
    assert await migrating.revision(database_url) is None
    await migrating.bring_up_to_date(database_url, migrate=True)
    assert await migrating.revision(database_url) == migrating.newest()
    assert await migrating._run(database_url, differences) == []


async def test_coming_up_to_date_twice_changes_nothing(database_url: str) -> None:
    for _ in range(2):
        await migrating.bring_up_to_date(database_url, migrate=True)
    assert await migrating._run(database_url, differences) == []


async def test_every_migration_can_be_taken_back(database_url: str) -> None:
    await migrating.bring_up_to_date(database_url, migrate=True)
    await migrating._run(database_url, lambda connection: command.downgrade(migrating.config(connection), "base"))
    names = await migrating._run(database_url, lambda connection: inspect(connection).get_table_names())
    assert set(names) <= {"alembic_version"}


async def test_a_database_that_is_not_up_to_date_is_refused_where_it_may_not_change(database_url: str) -> None:
    with pytest.raises(migrating.NotUpToDate, match="ocpp-css db upgrade"):
        await open_database(database_url, InProcessBus(), system_clock, vault_of(database_url), migrate=False)
    names = await migrating._run(database_url, lambda connection: inspect(connection).get_table_names())
    assert set(names) <= {"alembic_version"}
    await migrating.bring_up_to_date(database_url, migrate=True)
    db = await open_database(database_url, InProcessBus(), system_clock, vault_of(database_url), migrate=False)
    await asyncio.wait_for(db.ping(), 10)
    await db.close()
