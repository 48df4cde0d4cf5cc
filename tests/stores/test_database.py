"""What every database does with units of work: the contract of storage, on SQLite and on PostgreSQL (RULES 3)."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest
from sqlalchemy import func, select
from tests.secret_key import vault_of

from ocpp_css.bus import InProcessBus
from ocpp_css.charging.commands.store import COMMANDS
from ocpp_css.charging.stations.store import CONNECTORS
from ocpp_css.charging.tokens.store import TOKENS
from ocpp_css.charging.transactions.store import READINGS
from ocpp_css.kit.clock import system_clock
from ocpp_css.kit.errors import Conflict, Invalid, Unavailable
from ocpp_css.storage import CacheKey, Database, Outcome, StateKey, Unit
from ocpp_css.storage import database as databases
from ocpp_css.storage.opening import open_database
from ocpp_css.storage.tables import COUNTERS, FACTS, LINKS

pytestmark = pytest.mark.anyio
Opener = Callable[..., Awaitable[Database]]
TENANT, NEIGHBOUR = 11, 12
AT = datetime(2026, 2, 3, 4, 5, 6, 789012, tzinfo=UTC)


class Happened(msgspec.Struct, frozen=True):
    kind: ClassVar[str] = "test.happened"
    station_id: int | None
    what: str


def token(unit: Unit, number: int, folded: str | None = None, **more: Any) -> None:
    row = {"id_token": f"T{number}", "type": "Central", "status": "Accepted", "created_at": AT, **more}
    unit.insert(TOKENS, token_id=number, folded=folded or f"t{number}", **row)


def connector(unit: Unit, status: str, station: int = 1) -> None:
    unit.upsert(CONNECTORS, station_id=station, evse_id=1, connector_id=1, status=status, updated_at=AT)


async def ended(*units: Unit) -> list[Outcome | None]:
    """Submit all at once, so that one transaction may write them, and wait for the ends."""
    futures = []
    for unit in units:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        futures.append(future)
        unit.submit(lambda _unit, future=future: future.set_result(None))
    await asyncio.gather(*futures)
    return [unit.outcome for unit in units]


async def rows(db: Database, table: Any, tenant: int = TENANT) -> list[Any]:
    return list(await db.unit(tenant).all(select(table)))


async def add(db: Database, number: int = 1, tenant: int = TENANT, **more: Any) -> None:
    unit = db.unit(tenant)
    token(unit, number, **more)
    await unit.commit()


# --- rows ------------------------------------------------------------------------------------------------------------


async def test_a_row_comes_back_as_it_went(db: Database) -> None:
    unit = db.unit(TENANT)
    document = {"a": [1, None, "ü\U0001f50c\n", 1.5], "b": {"c": True}}
    unit.insert(
        COMMANDS, id=2**63 - 1, station_id=-5, action="R'; DROP TABLE commands; --", payload=document,
        status='ü\U0001f50c\\"', timeout_s=0.1, tries=0, created_by="", created_at=AT, expires_at=None,
    )  # fmt: skip
    await unit.commit()
    row = (await rows(db, COMMANDS))[0]
    assert (row.id, row.station_id, row.action) == (2**63 - 1, -5, "R'; DROP TABLE commands; --")
    assert (row.payload, row.status, row.timeout_s) == (document, 'ü\U0001f50c\\"', 0.1)
    assert (row.created_by, row.created_at, row.expires_at, row.version) == ("", AT, None, 1)


@pytest.mark.trust("A41")
@pytest.mark.parametrize(
    "moment",
    [
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        datetime(9999, 12, 31, tzinfo=UTC),
    ],
)
async def test_any_moment_is_kept(db: Database, moment: datetime) -> None:
    await add(db, expires_at=moment)
    assert (await rows(db, TOKENS))[0].expires_at == moment


async def test_many_rows_of_one_unit_are_all_written(db: Database) -> None:
    unit = db.unit(TENANT)
    for number in range(1, 301):
        token(unit, number)
    await unit.commit()
    for number in range(1, 301):
        unit.update(TOKENS, (number,), seen=1, note=str(number))
    await unit.commit()
    assert {(row.token_id, row.note, row.version) for row in await rows(db, TOKENS)} == {
        (number, str(number), 2) for number in range(1, 301)
    }


async def test_an_upsert_overwrites_the_whole_row(db: Database) -> None:
    for status in ("Available", "Charging"):
        unit = db.unit(TENANT)
        connector(unit, status)
        await unit.commit()
    assert [row.status for row in await rows(db, CONNECTORS)] == ["Charging"]


async def test_of_several_upserts_of_one_batch_the_last_stays(db: Database) -> None:
    units = []
    for status in ("Available", "Preparing", "Charging"):
        unit = db.unit(TENANT)
        connector(unit, status)
        units.append(unit)
    assert await ended(*units) == [Outcome.COMMITTED] * 3
    assert [row.status for row in await rows(db, CONNECTORS)] == ["Charging"]


async def test_an_update_changes_what_it_names_and_a_delete_removes(db: Database) -> None:
    await add(db, 1, note="before")
    unit = db.unit(TENANT)
    unit.update(TOKENS, (1,), note="after")
    await unit.commit()
    row = (await rows(db, TOKENS))[0]
    assert (row.note, row.id_token, row.version) == ("after", "T1", 1)
    unit.delete(TOKENS, (1,))
    unit.delete(TOKENS, (2,))
    await unit.commit()
    assert await rows(db, TOKENS) == []


async def test_an_unknown_column_is_refused_at_once(db: Database) -> None:
    with pytest.raises(TypeError, match="no column colour"):
        db.unit(TENANT).insert(TOKENS, token_id=1, colour="red")


# --- guards ----------------------------------------------------------------------------------------------------------


async def test_who_saw_an_older_version_changes_nothing(db: Database) -> None:
    await add(db)
    first, second = db.unit(TENANT), db.unit(TENANT)
    first.update(TOKENS, (1,), seen=1, note="first")
    await first.commit()
    second.update(TOKENS, (1,), seen=1, note="second")
    second.emit(Happened(None, "second"))
    connector(second, "Charging")
    with pytest.raises(Conflict):
        await second.commit()
    assert second.outcome is Outcome.STALE
    row = (await rows(db, TOKENS))[0]
    assert (row.note, row.version) == ("first", 2)
    assert await rows(db, FACTS) == []
    assert await rows(db, CONNECTORS) == []


async def test_a_row_that_is_gone_is_stale_too(db: Database) -> None:
    unit = db.unit(TENANT)
    unit.update(TOKENS, (404,), seen=1, note="x")
    assert await ended(unit) == [Outcome.STALE]


async def test_a_key_that_stands_makes_a_duplicate(db: Database) -> None:
    await add(db, 1, folded="same")
    unit = db.unit(TENANT)
    unit.require_absent(TOKENS, folded="same")
    token(unit, 2, folded="same")
    with pytest.raises(Conflict):
        await unit.commit()
    assert unit.outcome is Outcome.DUPLICATE
    assert [row.token_id for row in await rows(db, TOKENS)] == [1]


async def test_of_many_at_once_with_one_key_one_wins(db: Database) -> None:
    units = []
    for number in range(1, 51):
        unit = db.unit(TENANT)
        unit.require_absent(TOKENS, folded="same")
        token(unit, number, folded="same")
        units.append(unit)
    outcomes = await ended(*units)
    assert outcomes == [Outcome.COMMITTED] + [Outcome.DUPLICATE] * 49
    assert len(await rows(db, TOKENS)) == 1


async def test_of_many_at_once_that_saw_one_version_one_wins(db: Database) -> None:
    await add(db)
    units = []
    for number in range(50):
        unit = db.unit(TENANT)
        unit.update(TOKENS, (1,), seen=1, note=str(number))
        units.append(unit)
    assert await ended(*units) == [Outcome.COMMITTED] + [Outcome.STALE] * 49
    assert [(row.note, row.version) for row in await rows(db, TOKENS)] == [("0", 2)]


async def test_two_processes_that_want_one_key_end_with_one_row(opened: Opener) -> None:
    first, second = await opened(), await opened()
    units = []
    for number in range(1, 61):
        unit = (first, second)[number % 2].unit(TENANT)
        unit.require_absent(TOKENS, folded=f"key{number % 20}")
        token(unit, number, folded=f"key{number % 20}")
        units.append(unit)
    outcomes = await ended(*units)
    assert outcomes.count(Outcome.COMMITTED) == 20
    assert outcomes.count(Outcome.DUPLICATE) == 40


@pytest.mark.trust("A8")
async def test_who_lost_the_fence_writes_nothing(db: Database) -> None:
    claim = db.unit(TENANT)
    claim.insert(LINKS, station_id=7, node=0, is_online=True, changed_at=AT, version=4)
    await claim.commit()
    units = []
    for fence in (4, 3, 5, 4):
        unit = db.unit(TENANT)
        unit.station, unit.fence = 7, fence
        token(unit, len(units) + 1)
        unit.emit(Happened(7, str(fence)))
        units.append(unit)
    outcomes = await ended(*units)
    assert outcomes == [Outcome.COMMITTED, Outcome.FENCED, Outcome.FENCED, Outcome.COMMITTED]
    assert [row.token_id for row in await rows(db, TOKENS)] == [1, 4]
    assert [row.body["what"] for row in await rows(db, FACTS)] == ["4", "4"]


async def test_a_fence_of_a_station_that_has_none_is_lost(db: Database) -> None:
    unit = db.unit(TENANT)
    unit.station, unit.fence = 8, 1
    token(unit, 1)
    assert await ended(unit) == [Outcome.FENCED]


# --- batches ---------------------------------------------------------------------------------------------------------


async def test_units_that_change_one_row_keep_their_order(db: Database) -> None:
    await add(db)
    units = []
    for number in range(20):
        unit = db.unit(TENANT)
        unit.update(TOKENS, (1,), note=str(number))
        units.append(unit)
    assert await ended(*units) == [Outcome.COMMITTED] * 20
    assert (await rows(db, TOKENS))[0].note == "19"


async def test_a_unit_that_waits_is_not_overtaken_by_one_behind_it(db: Database) -> None:
    await add(db, 1)
    await add(db, 2)
    first, second, third = (db.unit(TENANT) for _ in range(3))
    first.update(TOKENS, (1,), note="first")
    second.update(TOKENS, (1,), note="second")
    second.update(TOKENS, (2,), note="second")
    third.update(TOKENS, (2,), note="third")
    assert await ended(first, second, third) == [Outcome.COMMITTED] * 3
    assert {row.token_id: row.note for row in await rows(db, TOKENS)} == {1: "second", 2: "third"}


async def test_a_removal_after_an_upsert_in_one_batch_removes(db: Database) -> None:
    first, second = db.unit(TENANT), db.unit(TENANT)
    connector(first, "Charging")
    second.delete(CONNECTORS, (1, 1, 1))
    assert await ended(first, second) == [Outcome.COMMITTED] * 2
    assert await rows(db, CONNECTORS) == []


async def test_an_upsert_after_an_update_in_one_batch_stays(db: Database) -> None:
    start = db.unit(TENANT)
    connector(start, "Available")
    await start.commit()
    first, second = db.unit(TENANT), db.unit(TENANT)
    first.update(CONNECTORS, (1, 1, 1), status="Faulted")
    connector(second, "Charging")
    assert await ended(first, second) == [Outcome.COMMITTED] * 2
    assert [row.status for row in await rows(db, CONNECTORS)] == ["Charging"]


async def test_one_bad_unit_does_not_fail_its_neighbours(db: Database) -> None:
    await add(db, 3)
    units = [db.unit(TENANT) for _ in range(5)]
    for number, unit in enumerate(units, 1):
        token(unit, number)
        unit.emit(Happened(None, str(number)))
    outcomes = await ended(*units)
    assert outcomes == [Outcome.COMMITTED, Outcome.COMMITTED, Outcome.FAILED, Outcome.COMMITTED, Outcome.COMMITTED]
    assert units[2].fault is not None
    assert sorted(row.body["what"] for row in await rows(db, FACTS)) == ["1", "2", "4", "5"]


async def test_a_guarded_unit_keeps_its_verdict_beside_a_bad_one(db: Database) -> None:
    await add(db, 3)
    stale, bad, good = (db.unit(TENANT) for _ in range(3))
    stale.update(TOKENS, (3,), seen=9, note="x")
    token(bad, 3)
    token(good, 4)
    assert await ended(stale, bad, good) == [Outcome.STALE, Outcome.FAILED, Outcome.COMMITTED]


async def test_a_value_that_no_database_holds_is_told_apart(db: Database) -> None:
    bad, good = db.unit(TENANT), db.unit(TENANT)
    token(bad, 2**70)
    token(good, 1)
    assert await ended(bad, good) == [Outcome.UNFIT, Outcome.COMMITTED]
    with pytest.raises(Invalid):
        await add(db, 2**70)


@pytest.mark.parametrize("number", [1, 31, 32, 33, 127, 128, 129, 1001, 2500])
async def test_units_are_written_in_groups(db: Database, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    transactions = 0
    attempt = db._writer._attempt

    def counted(*given: Any) -> Any:
        nonlocal transactions
        transactions += 1
        return attempt(*given)

    monkeypatch.setattr(db._writer, "_attempt", counted)
    units = []
    for count in range(number):
        unit = db.unit(TENANT)
        token(unit, count + 1)
        units.append(unit)
    assert await ended(*units) == [Outcome.COMMITTED] * number
    assert len(await rows(db, TOKENS)) == number
    # The writer may wake while the first are handed in; from then on a thousand go together.
    assert transactions <= 4 + number // 500


async def test_enough_units_do_not_wait_for_the_next_turn_and_the_end_does_not_either(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db._writer, "interval_s", 86_400.0)
    monkeypatch.setattr(db._writer, "enough", 3)
    await add(db, 1)  # the first after a pause goes at once, and a day begins
    units = [db.unit(TENANT) for _ in range(3)]
    for number, unit in enumerate(units, 2):
        token(unit, number)
    assert await asyncio.wait_for(ended(*units), 30) == [Outcome.COMMITTED] * 3
    late = db.unit(TENANT)
    token(late, 9)
    late.submit(units.append)
    await asyncio.wait_for(db.close(), 30)
    assert late.outcome is Outcome.COMMITTED


async def test_the_backlog_is_what_waits(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(db._writer, "wake", lambda _waiting: None)
    monkeypatch.setattr(databases, "CONGESTED_ROWS", 5)
    units = []
    for number in range(1, 8):
        unit = db.unit(TENANT)
        token(unit, number)
        assert db.is_congested is (db.backlog > 5)
        unit.submit(units.append)
    assert db.backlog == 7
    assert db.is_congested
    monkeypatch.undo()
    db._writer.wake(db.backlog)
    await add(db, 100)
    assert db.backlog == 0
    assert not db.is_congested
    assert len(units) == 7


async def test_the_end_writes_what_waits(db: Database, opened: Opener) -> None:
    units: list[Unit] = []
    for number in range(1, 301):
        unit = db.unit(TENANT)
        token(unit, number)
        unit.submit(units.append)
    db.later(COUNTERS, (TENANT, "later"), (7, 1))
    await db.close()
    await asyncio.sleep(0)
    assert [unit.outcome for unit in units] == [Outcome.COMMITTED] * 300
    again = await opened()
    assert len(await rows(again, TOKENS)) == 300
    assert [(row.name, row.value) for row in await rows(again, COUNTERS)] == [("later", 7)]


# --- tenants ---------------------------------------------------------------------------------------------------------


@pytest.mark.trust("A49")
async def test_a_neighbours_row_is_not_found_and_not_touched(db: Database) -> None:
    await add(db, 1, tenant=NEIGHBOUR, note="theirs")
    unit = db.unit(TENANT)
    assert await unit.first(select(TOKENS).where(TOKENS.c.token_id == 1)) is None
    assert await unit.all(select(func.count()).select_from(TOKENS)) == [(0,)]
    unit.update(TOKENS, (1,), note="mine")
    unit.delete(TOKENS, (1,))
    await unit.commit()
    token(unit, 1, note="mine")
    await unit.commit()
    assert [row.note for row in await rows(db, TOKENS, NEIGHBOUR)] == ["theirs"]
    assert [row.note for row in await rows(db, TOKENS)] == ["mine"]


async def test_the_same_keys_in_two_tenants_do_not_meet(db: Database) -> None:
    units = []
    for tenant in (TENANT, NEIGHBOUR):
        unit = db.unit(tenant)
        unit.require_absent(TOKENS, folded="same")
        token(unit, 1, folded="same")
        units.append(unit)
    assert await ended(*units) == [Outcome.COMMITTED] * 2


# --- memory ----------------------------------------------------------------------------------------------------------


async def test_a_cache_is_never_older_than_a_change(db: Database) -> None:
    await add(db, 1, note="old")
    loading, go_on = asyncio.Event(), asyncio.Event()

    async def load(unit: Unit, number: int) -> str | None:
        row = await unit.first(select(TOKENS).where(TOKENS.c.token_id == number))
        loading.set()
        await go_on.wait()
        return None if row is None else row.note

    key: CacheKey[int, str | None] = CacheKey("test", load)
    slow = asyncio.create_task(db.unit(TENANT).cached(key, 1))
    await loading.wait()
    change = db.unit(TENANT)
    change.update(TOKENS, (1,), note="new")
    change.drop(key, 1)
    await change.commit()
    go_on.set()
    assert await slow == "old"
    assert await db.unit(TENANT).cached(key, 1) == "new"


async def test_a_cache_asks_once_and_keeps_tenants_apart(db: Database) -> None:
    asked: list[tuple[int, str]] = []

    async def load(unit: Unit, name: str) -> str:
        asked.append((unit.tenant, name))
        return f"{unit.tenant} {name}"

    key: CacheKey[str, str] = CacheKey("test", load, size=2)
    for tenant in (TENANT, TENANT, NEIGHBOUR):
        assert await db.unit(tenant).cached(key, "a") == f"{tenant} a"
    assert asked == [(TENANT, "a"), (NEIGHBOUR, "a")]
    await db.unit(TENANT).cached(key, "b")
    await db.unit(TENANT).cached(key, "a")
    assert asked[2:] == [(TENANT, "b"), (TENANT, "a")]
    db.caches.clear()
    await db.unit(TENANT).cached(key, "a")
    assert len(asked) == 5


async def test_a_unit_that_fails_forgets_nothing_of_others(db: Database) -> None:
    async def load(_unit: Unit, _name: str) -> object:
        return object()

    key: CacheKey[str, object] = CacheKey("test", load)
    before = await db.unit(TENANT).cached(key, "a")
    unit = db.unit(TENANT)
    unit.update(TOKENS, (404,), seen=1, note="x")
    unit.drop(key, "a")
    await ended(unit)
    assert await db.unit(TENANT).cached(key, "a") is before


async def test_memory_changes_when_and_only_when_the_unit_is_stored(db: Database) -> None:
    loads = 0

    async def load(_unit: Unit, stations: Any) -> dict[int, str]:
        nonlocal loads
        loads += 1
        return {number: f"stored {number}" for number in stations if number == 7}

    key: StateKey[str] = StateKey("test", load, lambda: "empty")
    memory: dict[str, Any] = {}
    unit = db.unit(TENANT)
    unit.memory, unit.station = memory, 7
    assert await unit.state(key, 7) == "stored 7"
    unit.keep(key, 7, "new")
    assert await unit.state(key, 7) == "new"
    assert memory == {"test": "stored 7"}
    assert loads == 1
    unit.update(TOKENS, (404,), seen=1, note="x")
    assert await ended(unit) == [Outcome.STALE]
    assert memory == {"test": "stored 7"}
    unit = db.unit(TENANT)
    unit.memory, unit.station = memory, 7
    unit.keep(key, 7, "new")
    assert await ended(unit) == [Outcome.COMMITTED]
    assert memory == {"test": "new"}
    assert await db.unit(TENANT).state(key, 8) == "empty"


async def test_a_change_from_elsewhere_is_told_to_who_keeps_the_state(db: Database) -> None:
    key: StateKey[str] = StateKey("test", _never, str)
    told: list[Any] = []
    db.bus.subscribe("changed.*", lambda topic, message: told.append((topic, message)))
    unit = db.unit(TENANT)
    unit.keep(key, 7, "new")
    await unit.commit()
    assert told == [(f"changed.{TENANT}", {"station": 7, "state": "test"})]


async def _never(_unit: Unit, _stations: Any) -> dict[int, str]:
    raise AssertionError


# --- facts, ids, numbers ---------------------------------------------------------------------------------------------


async def test_a_fact_is_told_after_its_commit_and_stands_beside_the_row(db: Database) -> None:
    told: list[Any] = []
    db.bus.subscribe("facts.*", lambda topic, message: told.append((topic, message)))
    unit = db.unit(TENANT)
    token(unit, 1)
    unit.emit(Happened(7, "one"))
    unit.tell("live.11", {"a": 1})
    assert told == []
    await unit.commit()
    assert await rows(db, TOKENS)
    fact = (await rows(db, FACTS))[0]
    assert (fact.kind, fact.station_id, fact.body) == ("test.happened", 7, {"station_id": 7, "what": "one"})
    topic, message = told[0]
    assert (topic, message["id"], message["kind"], message["body"]["what"]) == (
        f"facts.{TENANT}",
        fact.id,
        "test.happened",
        "one",
    )


async def test_a_unit_can_be_used_again_after_its_commit(db: Database) -> None:
    unit = db.unit(TENANT)
    token(unit, 1)
    await unit.commit()
    assert unit.is_empty
    await unit.commit()
    token(unit, 2)
    await unit.commit()
    assert len(await rows(db, TOKENS)) == 2


async def test_ids_of_two_processes_never_meet(opened: Opener) -> None:
    first, second = await opened(), await opened()
    units = [first.unit(TENANT), second.unit(TENANT)]
    found = [unit.new_id() for _ in range(5_000) for unit in units]
    assert len(set(found)) == 10_000
    assert found[::2] == sorted(found[::2])


async def test_numbers_of_a_counter_are_unique_across_processes(opened: Opener) -> None:
    first, second = await opened(), await opened()

    async def take(db: Database, number: int) -> list[int]:
        unit = db.unit(TENANT)
        return [await unit.number("test") for _ in range(number)]

    found = await asyncio.gather(*(take(db, 300) for db in (first, second) for _ in range(4)))
    numbers = [number for part in found for number in part]
    assert len(set(numbers)) == 2_400
    assert min(numbers) == 1
    assert await db_number(first, NEIGHBOUR) == 1


async def db_number(db: Database, tenant: int) -> int:
    return await db.unit(tenant).number("test")


# --- later rows ------------------------------------------------------------------------------------------------------


def reading(db: Database, number: int, at: datetime, power: int = 1) -> None:
    db.later(READINGS, (TENANT, number), (at, number, power, None))


async def test_later_rows_are_written_by_the_flush_the_newest_only(db: Database) -> None:
    for minute in range(5):
        reading(db, 1, AT + timedelta(minutes=minute))
    assert await rows(db, READINGS) == []
    await db.flush()
    assert [row.at for row in await rows(db, READINGS)] == [AT + timedelta(minutes=4)]


async def test_later_rows_of_a_unit_count_only_when_it_is_stored(db: Database) -> None:
    for seen, number in ((9, 1), (1, 2)):
        await add(db, number)
        unit = db.unit(TENANT)
        unit.update(TOKENS, (number,), seen=seen, note="x")
        unit.later(READINGS, (number,), (AT, None, None, None))
        await ended(unit)
    await db.flush()
    assert [row.transaction_id for row in await rows(db, READINGS)] == [2]


async def test_a_later_row_that_cannot_be_stored_takes_no_other_with_it(db: Database) -> None:
    for number in range(1, 6):
        reading(db, number, AT, power=2**70 if number == 3 else 1)
    await db.flush()
    assert sorted(row.transaction_id for row in await rows(db, READINGS)) == [1, 2, 4, 5]
    reading(db, 6, AT)
    await db.flush()
    assert len(await rows(db, READINGS)) == 5


async def test_later_rows_wait_while_storage_is_away(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_given: Any) -> None:
        raise OSError("away")

    reading(db, 1, AT)
    reading(db, 2, AT)
    monkeypatch.setattr(db._writer, "_attempt", fail)
    await db.flush()
    reading(db, 2, AT + timedelta(minutes=1))
    monkeypatch.undo()
    await db.flush()
    assert {row.transaction_id: row.at for row in await rows(db, READINGS)} == {1: AT, 2: AT + timedelta(minutes=1)}


async def test_a_failing_flush_does_not_end_the_flushing(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(databases, "LATER_S", 0.001)
    db._flusher.cancel()
    db._flusher = asyncio.get_running_loop().create_task(db._flush_regularly())

    def fail(*_given: Any) -> None:
        raise OSError("away")

    with monkeypatch.context() as away:
        away.setattr(db._writer, "_attempt", fail)
        reading(db, 1, AT)
        while (1, db._later) == (1, {}) or not await _failed_once(db):
            await asyncio.sleep(0)
    while not await rows(db, READINGS):
        await asyncio.sleep(0.001)
    assert not db._flusher.done()


async def _failed_once(db: Database) -> bool:
    unit = db.unit(TENANT)
    token(unit, 99)
    return await ended(unit) == [Outcome.FAILED]


async def test_storage_that_fails_is_told_to_who_waits(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_given: Any) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as away:
        away.setattr(db._writer, "_attempt", fail)
        with pytest.raises(Unavailable):
            await add(db, 1)
    await add(db, 1)
    assert len(await rows(db, TOKENS)) == 1


async def test_the_file_of_the_database_is_its_owners_alone(tmp_path: Path) -> None:
    db = await open_database(
        f"sqlite:///{tmp_path}/new/one.db", InProcessBus(), system_clock, vault_of(f"sqlite:///{tmp_path}/new/one.db")
    )
    await add(db)
    assert {path.name: oct(path.stat().st_mode & 0o777) for path in (tmp_path / "new").iterdir()} == {
        "one.db": "0o600",
        "one.db-wal": "0o600",
        "one.db-shm": "0o600",
        "people.keys": "0o600",
    }
    await db.close()
