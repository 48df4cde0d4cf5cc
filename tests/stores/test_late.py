"""The rows of a station are found whether the late index has them or memory has."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import select
from tests.stores.test_database import ended

from ocpp_css.gateway.messages import LATE, MESSAGES, Exchange, of_stations
from ocpp_css.storage import Database, Outcome, late

pytestmark = pytest.mark.anyio
TENANT, OTHER = 7, 8
Opener = Callable[[], Awaitable[Database]]


sqlite_only = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes thousands of rows otherwise."""
    monkeypatch.setattr(late, "MOST_OF_ONE", 5)
    monkeypatch.setattr(late, "MOST_LATE", 20)
    monkeypatch.setattr(late, "AT_ONCE", 3)


def message(db: Database, station: int, tenant: int = TENANT) -> tuple[Any, int]:
    unit = db.unit(tenant)
    exchange = Exchange("in", "1", "MeterValues", unit.now)
    exchange.record(unit, station)
    return unit, exchange.id


async def write(db: Database, stations: list[int], tenant: int = TENANT) -> dict[int, list[int]]:
    """One message of each, in one commit; their ids by station."""
    made = [(station, *message(db, station, tenant)) for station in stations]
    assert set(await ended(*(unit for _, unit, _ in made))) == {Outcome.COMMITTED}
    found: dict[int, list[int]] = {}
    for station, _, number in made:
        found.setdefault(station, []).append(number)
    return found


async def read(db: Database, station: int, tenant: int = TENANT, **how: Any) -> list[int]:
    found = await of_stations(db.unit(tenant), select(MESSAGES), [station], **{"limit": 1_000, **how})
    return [row.id for row in found[station]]


async def test_every_row_is_found_once_and_in_order(db: Database) -> None:
    told: dict[int, list[int]] = {}
    for turn in range(12):
        for station, numbers in (await write(db, [1, 2, 2, 3 + turn])).items():
            told.setdefault(station, []).extend(numbers)
    await write(db, [1, 2], OTHER)
    for station, numbers in told.items():
        assert await read(db, station) == numbers[::-1]
        assert await read(db, station, is_newest_first=False, limit=3) == numbers[:3]
    newest = told[2][-6:]
    assert await read(db, 2, limit=6) == newest[::-1]
    assert await read(db, 2, ids=(newest[0], newest[3])) == newest[3::-1]
    both = await of_stations(db.unit(TENANT), select(MESSAGES), [1, 2], limit=2)
    assert {station: [row.id for row in rows] for station, rows in both.items()} == {
        1: told[1][:-3:-1],
        2: told[2][:-3:-1],
    }


async def test_what_memory_had_is_found_after_a_restart(opened: Opener) -> None:
    db = await opened()
    numbers = [(await write(db, [1, 2, 3]))[1][0] for _ in range(7)]
    await db.close()
    again = await opened()
    assert await read(again, 1) == numbers[::-1]
    numbers += [(await write(again, [1, 4]))[1][0] for _ in range(7)]
    assert await read(again, 1) == numbers[::-1]


@sqlite_only
async def test_rows_of_a_commit_that_failed_are_not_lost_from_the_index(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commit that would have written the index fails; the rows before it are still found, now and later."""
    numbers = [(await write(db, [1]))[1][0] for _ in range(4)]
    writer: Any = db._writer
    wait = writer._wait

    async def fail(statement: str) -> None:
        if statement == "COMMIT":
            raise OSError("full")
        await wait(statement)

    with monkeypatch.context() as away:
        away.setattr(writer, "_wait", fail)
        unit, _ = message(db, 1)
        assert await ended(unit) == [Outcome.FAILED]
    assert await read(db, 1) == numbers[::-1]
    numbers += [(await write(db, [1]))[1][0] for _ in range(8)]
    assert await read(db, 1) == numbers[::-1]
    assert len(await db.unit(TENANT).all(select(LATE))) >= 4
