"""The message log in weeks: on PostgreSQL what is old goes by dropping, and no row is refused for want of a week."""

import asyncio
import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Connection, text
from tests.postgres import Postgres, looking_at_all
from tests.secret_key import vault_of
from tests.stores.conftest import copy_of

from ocpp_css.assembly import find_areas
from ocpp_css.bus import InProcessBus
from ocpp_css.charging.messages import store
from ocpp_css.gateway.messages import MESSAGES
from ocpp_css.kit.clock import system_clock
from ocpp_css.storage import migrating
from ocpp_css.storage.opening import open_database
from ocpp_css.storage.partitions import AHEAD, WEEK, Partitions, bound, week_of

pytestmark = pytest.mark.anyio
MONTH, YEARS = timedelta(days=30), timedelta(days=730)


@pytest.fixture
def url(postgres: Postgres, postgres_template: str) -> str:
    return copy_of(postgres, postgres_template)


def partitions(url: str) -> Partitions:
    return Partitions(url, MESSAGES, store.IS_KEPT_LONGER)


def row(at: datetime, number: int = 0, transaction: int | None = None) -> dict[str, Any]:
    return {
        "id": bound(at) + number, "station_id": 7, "at": at, "direction": "in", "message_id": "m", "payload": "{}",
        "action": "Heartbeat", "transaction_id": transaction,
    }  # fmt: skip


async def add(url: str, *rows: dict[str, Any]) -> None:
    db = await open_database(url, InProcessBus(), system_clock, vault_of(url))
    unit = db.unit(1)
    for values in rows:
        unit.insert(MESSAGES, **values)
    await unit.commit()
    await db.close()


async def spread(url: str) -> dict[str, int]:
    """How many rows each partition holds."""
    connection = await looking_at_all(url)
    rows = await connection.fetch("SELECT tableoid::regclass::text AS name, count(*) FROM messages GROUP BY 1")
    await connection.close()
    return {row["name"]: row["count"] for row in rows}


async def test_weeks_are_made_ahead(url: str) -> None:
    late = datetime.now(UTC) + 10 * WEEK
    await partitions(url).tend(late, MONTH, YEARS)
    await add(url, *(row(late + number * WEEK) for number in range(AHEAD + 1)))
    names = {f"messages_part_{week_of(late + number * WEEK):%Y%m%d}": 1 for number in range(AHEAD + 1)}
    assert await spread(url) == names


async def test_a_row_without_a_week_is_kept_and_moved_into_its_week(url: str) -> None:
    far = datetime.now(UTC) + 30 * WEEK
    await add(url, row(far), row(far + 3 * WEEK))
    assert await spread(url) == {"messages_part_default": 2}
    assert await partitions(url).tend(datetime.now(UTC), MONTH, YEARS) == 0
    assert await spread(url) == {f"messages_part_{week_of(at):%Y%m%d}": 1 for at in (far, far + 3 * WEEK)}


async def test_a_week_that_is_over_is_thinned_and_later_dropped(url: str) -> None:
    now = datetime.now(UTC) + 10 * WEEK
    await partitions(url).tend(now, MONTH, YEARS)
    await add(url, row(now), row(now, 1, transaction=5), row(now + WEEK))
    weeks = [f"messages_part_{week_of(at):%Y%m%d}" for at in (now, now + WEEK)]
    assert await spread(url) == {weeks[0]: 2, weeks[1]: 1}
    await partitions(url).tend(now + MONTH + WEEK, MONTH, YEARS)
    assert await spread(url) == {f"{weeks[0]}_kept": 1, weeks[1]: 1}
    await partitions(url).tend(now + MONTH + WEEK, MONTH, YEARS)
    assert await spread(url) == {f"{weeks[0]}_kept": 1, weeks[1]: 1}
    await partitions(url).tend(now + MONTH + 2 * WEEK, MONTH, YEARS)
    assert await spread(url) == {f"{weeks[0]}_kept": 1}
    await partitions(url).tend(now + YEARS + WEEK, MONTH, YEARS)
    assert await spread(url) == {}


async def test_one_process_at_a_time_tends(url: str) -> None:
    now = datetime.now(UTC) + 10 * WEEK
    await asyncio.gather(*(partitions(url).tend(now, MONTH, YEARS) for _ in range(5)))
    connection = await looking_at_all(url)
    parts = await partitions(url).parts(connection)
    await connection.close()
    assert len(parts) == len({part.name for part in parts}) == AHEAD + 1
    assert all(before.end <= after.begin for before, after in itertools.pairwise(parts))


async def test_the_log_of_a_station_in_a_span_of_time_reads_the_weeks_of_it_only(url: str) -> None:
    now = datetime.now(UTC) + 10 * WEEK
    await partitions(url).tend(now, MONTH, YEARS)
    wanted = f"messages_part_{week_of(now + WEEK):%Y%m%d}"
    plan = await plan_of(url, now + WEEK, now + WEEK + timedelta(hours=1))
    assert wanted in plan
    assert plan.count("messages_part_") == plan.count(wanted)
    assert "Index Scan" in plan
    assert "Sort" not in plan


async def plan_of(url: str, since: datetime, until: datetime) -> str:
    """How PostgreSQL reads what `store.page` asks for; the query is taken on its way to the database."""
    db = await open_database(url, InProcessBus(), system_clock, vault_of(url))
    asked: list[Any] = []
    reading = db.read

    async def note(query: Any, *scope: Any, **how: Any) -> Any:
        asked.append(query)
        return await reading(query, *scope, **how)

    db.read = note  # type: ignore[method-assign]
    await store.page(db.unit(1), 7, {"since": since, "until": until}, None, 50)
    await db.close()
    compiled = asked[0].compile(dialect=db._engine.dialect, compile_kwargs={"literal_binds": True})
    connection = await looking_at_all(url)
    rows = await connection.fetch(f"EXPLAIN {compiled}")
    await connection.close()
    return "\n".join(row[0] for row in rows)


async def test_the_rows_of_the_first_release_are_kept(database_url: str) -> None:
    find_areas("ocpp_css")
    await migrating._run(database_url, lambda connection: command.upgrade(migrating.config(connection), "0001"))

    def fill(connection: Connection) -> None:
        for number in range(10):
            at = "now()" if database_url.startswith("postgresql") else "0"
            connection.execute(
                text(
                    "INSERT INTO messages (tenant_id, id, station_id, at, direction, message_id, action, payload) "
                    f"VALUES (1, {bound(datetime.now(UTC)) + number}, 7, {at}, 'in', 'm', 'Heartbeat', '{{}}')"
                )
            )

    await migrating._run(database_url, fill)
    db = await open_database(database_url, InProcessBus(), system_clock, vault_of(database_url))
    assert len(await store.page(db.unit(1), 7, {}, None, 50)) == 10
    await db.close()
    await migrating._run(database_url, lambda connection: command.downgrade(migrating.config(connection), "0001"))

    def count(connection: Connection) -> Any:
        return connection.execute(text("SELECT count(*) FROM messages")).scalar()

    assert await migrating._run(database_url, count) == 10
