"""Numbers in blocks: each once, whoever asks, and whoever waits longest is not overtaken for long."""

import asyncio

import pytest
from tests.stores.conftest import Opener

from ocpp_css.storage import Database
from ocpp_css.storage.blocks import BLOCK

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("CS-4")]
TENANT, NEIGHBOUR, COUNTER = 1, 2, "transactions"


async def taken(db: Database, count: int, tenant: int = TENANT) -> list[int]:
    return list(await asyncio.gather(*(db.blocks.next(tenant, COUNTER) for _ in range(count))))


async def test_each_number_is_given_once_and_in_order(db: Database) -> None:
    ours, theirs = await asyncio.gather(taken(db, 2 * BLOCK + 10), taken(db, 3, NEIGHBOUR))
    assert ours == list(range(1, 2 * BLOCK + 11))
    assert theirs == [1, 2, 3]


async def test_two_processes_never_give_the_same(db: Database, opened: Opener) -> None:
    other = await opened()
    ours, theirs = await asyncio.gather(taken(db, BLOCK + 1), taken(other, BLOCK + 1))
    assert len({*ours, *theirs}) == 2 * BLOCK + 2


async def test_who_waits_is_not_overtaken_by_those_who_come_later(db: Database) -> None:
    """All who wait for a block have their numbers in one turn, not one of them in each, while others keep coming."""
    order: list[int] = []

    async def ask(who: int) -> None:
        await db.blocks.next(TENANT, COUNTER)
        order.append(who)

    first = [asyncio.create_task(ask(who)) for who in range(300)]
    late: list[asyncio.Task[None]] = []
    while not all(task.done() for task in first):
        late.append(asyncio.create_task(ask(1_000 + len(late))))
        await asyncio.sleep(0)
        if len(late) > 5_000:
            await asyncio.sleep(0.001)
    await asyncio.gather(*late)
    overtaking = [who for who in order[: order.index(299)] if who >= 1_000]
    assert len(overtaking) <= 5


async def test_a_fault_is_told_to_all_who_wait_and_is_over_with_them(db: Database, monkeypatch) -> None:
    unit_of = db.unit

    def failing(_tenant: int) -> None:
        raise OSError("no disk")

    monkeypatch.setattr(db, "unit", failing)
    told = await asyncio.gather(*(db.blocks.next(TENANT, COUNTER) for _ in range(3)), return_exceptions=True)
    assert [str(fault) for fault in told] == ["no disk"] * 3
    monkeypatch.setattr(db, "unit", unit_of)
    assert await taken(db, 2) == [1, 2]


async def test_who_comes_when_a_taking_was_lost_takes_anew(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process took the block, and a handler takes its first step before it is known that the taking ended."""
    take, more, calls, steps = db.blocks._take, db.blocks._more, [0], []

    async def lost(_counter: object) -> None:
        monkeypatch.setattr(db.blocks, "_take", take)
        asyncio.get_running_loop().call_soon(lambda: steps.append(late.send(None)))

    def counted(counter: tuple[int, str]) -> "asyncio.Task[None]":
        calls[0] += 1
        assert calls[0] < 100, "the loop stands still"
        return more(counter)

    monkeypatch.setattr(db.blocks, "_take", lost)
    monkeypatch.setattr(db.blocks, "_more", counted)
    late = db.blocks.next(TENANT, COUNTER)
    assert await asyncio.wait_for(db.blocks.next(TENANT, COUNTER), 30) == 1
    assert steps != []
    late.close()


async def test_closing_waits_for_the_block_that_is_being_taken_ahead(opened: Opener) -> None:
    db = await opened()
    await taken(db, BLOCK // 2)
    under_way = [task for task in asyncio.all_tasks() if task.get_name() == "numbers"]
    await db.close()
    assert [task.exception() for task in under_way] == [None]
