"""PostgreSQL goes away in the middle: what was on its way is told, nothing acknowledged is missing, then it goes on."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest
from sqlalchemy import select
from tests.postgres import Postgres, looking_at_all
from tests.secret_key import vault_of
from tests.stores.conftest import copy_of
from tests.stores.test_database import TENANT, add, ended, rows, token

from ocpp_css.bus import InProcessBus
from ocpp_css.charging.tokens.store import TOKENS
from ocpp_css.kit.clock import system_clock
from ocpp_css.kit.errors import Unavailable
from ocpp_css.storage import Database, Outcome
from ocpp_css.storage.opening import open_database

pytestmark = pytest.mark.anyio


@pytest.fixture
async def url(postgres: Postgres, postgres_template: str) -> str:
    return copy_of(postgres, postgres_template)


@pytest.fixture
async def db(url: str) -> AsyncIterator[Database]:
    found = await open_database(url, InProcessBus(), system_clock, vault_of(url))
    yield found
    await found.close()


@pytest.fixture
async def other(url: str) -> AsyncIterator[asyncpg.Connection]:
    """Somebody else at the same database."""
    connection = await looking_at_all(url)
    yield connection
    await connection.close()


CUT = (
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
    "WHERE datname = current_database() AND application_name = 'ocpp-css writer'"
)
WAITING = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
    "AND application_name = 'ocpp-css writer' AND wait_event_type = 'Lock'"
)


async def test_a_cut_between_two_commits_loses_nothing_acknowledged(db: Database, other: asyncpg.Connection) -> None:
    acknowledged = set()
    failed = 0
    for number in range(1, 31):
        if number % 10 == 0:
            await other.execute(CUT)
        try:
            await add(db, number)
            acknowledged.add(number)
        except Unavailable:
            failed += 1
    assert failed <= 3
    assert acknowledged <= {row.token_id for row in await rows(db, TOKENS)}
    assert 30 in acknowledged or failed == 3


async def test_a_cut_in_the_middle_of_a_commit_is_told_and_healed(db: Database, other: asyncpg.Connection) -> None:
    await add(db, 1)
    async with other.transaction():
        await other.execute("SELECT * FROM tokens FOR UPDATE")
        held = db.unit(TENANT)
        held.update(TOKENS, (1,), seen=1, note="held")
        waiting = asyncio.create_task(ended(held))
        while not await other.fetchval(WAITING):
            await asyncio.sleep(0.005)
        await other.execute(CUT)
        outcomes = await waiting
    assert outcomes == [Outcome.FAILED]
    await add(db, 2)
    assert {row.token_id: row.note for row in await rows(db, TOKENS)} == {1: None, 2: None}


async def test_units_that_wait_behind_a_cut_are_stored_once(db: Database, other: asyncpg.Connection) -> None:
    await add(db, 1)
    async with other.transaction():
        await other.execute("SELECT * FROM tokens FOR UPDATE")
        held = db.unit(TENANT)
        held.update(TOKENS, (1,), seen=1, note="held")
        first = asyncio.create_task(ended(held))
        while not await other.fetchval(WAITING):
            await asyncio.sleep(0.005)
        units = []
        for number in range(2, 52):
            unit = db.unit(TENANT)
            token(unit, number)
            units.append(unit)
        behind = asyncio.create_task(ended(*units))
        await other.execute(CUT)
        await first
    outcomes = await behind
    stored = {row.token_id for row in await rows(db, TOKENS)} - {1}
    assert stored == {n for n, outcome in enumerate(outcomes, 2) if outcome is Outcome.COMMITTED}
    assert set(outcomes) <= {Outcome.COMMITTED, Outcome.FAILED}


async def test_a_lock_that_is_held_too_long_fails_the_unit_alone(
    db: Database, other: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add(db, 1)
    assert db._writer._connection is not None  # type: ignore[union-attr]
    await db._writer._connection.execute("SET lock_timeout = '50ms'")  # type: ignore[union-attr]
    async with other.transaction():
        await other.execute("SELECT * FROM tokens WHERE token_id = 1 FOR UPDATE")
        held, free = db.unit(TENANT), db.unit(TENANT)
        held.update(TOKENS, (1,), seen=1, note="held")
        token(free, 2)
        assert await ended(held, free) == [Outcome.FAILED, Outcome.COMMITTED]


async def test_a_text_with_a_nul_is_unfit(db: Database) -> None:
    bad, good = db.unit(TENANT), db.unit(TENANT)
    token(bad, 1, note="a\0b")
    token(good, 2)
    assert await ended(bad, good) == [Outcome.UNFIT, Outcome.COMMITTED]
    assert await db.unit(TENANT).first(select(TOKENS).where(TOKENS.c.token_id == 1)) is None
