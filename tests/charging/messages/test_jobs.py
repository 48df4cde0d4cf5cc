"""Old messages and events go, messages of transactions and new ones stay, on both databases."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.running import api_of, now, station, until, whole_service

from ocpp_css.app.running import Service
from ocpp_css.charging.messages import jobs
from ocpp_css.kit.ids import parse_public
from ocpp_css.outreach.feed import jobs as feed
from ocpp_css.outreach.feed.store import newest
from ocpp_css.storage import Database, removing

pytestmark = pytest.mark.anyio
KEEPING = jobs.Keeping()


@pytest.fixture
async def either(database_url: str, tmp_path: Path) -> AsyncIterator[Service]:
    """The whole service on a database of each kind."""
    database = database_url if database_url.startswith("postgresql") else None
    async with whole_service(tmp_path / "data", database=database) as service:
        yield service


@contextmanager
def later(db: Database, days: int) -> Iterator[None]:
    today = db.clock
    db.clock = lambda: today() + timedelta(days=days)
    try:
        yield
    finally:
        db.clock = today


def _days_until_this_week_is_over(kept_days: int) -> int:
    """On PostgreSQL whole weeks go: after so many days this one does, on whatever day of it, and the next not yet."""
    return kept_days + 7 - datetime.now(UTC).weekday()


async def actions(api: httpx.AsyncClient, **query: Any) -> list[str]:
    found = (await api.get("/stations/CP1/messages", params=query)).json()["items"]
    return sorted({message["action"] for message in found})


@pytest.mark.requirement("SEC-4")
async def test_messages_of_over_thirty_days_go_and_those_of_transactions_after_two_years(either: Service) -> None:
    db = either.wiring.db
    async with await api_of(either) as api:
        await api.post("/stations", json={"identity": "CP1"})
        async with station(either, "CP1") as wire:
            await wire.boot()
            await wire.ask("StartTransaction", {"connectorId": 1, "idTag": "TAG", "meterStart": 0, "timestamp": now()})
        assert await jobs.forget(db, KEEPING) == 0
        with later(db, 29):
            assert await jobs.forget(db, KEEPING) == 0
        assert await actions(api) == ["BootNotification", "StartTransaction"]
        with later(db, _days_until_this_week_is_over(30)):
            assert await jobs.forget(db, KEEPING) == 1
            assert await jobs.forget(db, KEEPING) == 0
        assert await actions(api) == await actions(api, since=now()[:10] + "T00:00:00Z") == ["StartTransaction"]
        with later(db, 738):
            assert await jobs.forget(db, KEEPING) >= 1
        assert await actions(api) == []


@pytest.mark.requirement("SEC-4")
async def test_events_of_over_thirty_days_go(either: Service) -> None:
    db, keep = either.wiring.db, timedelta(days=30)
    async with await api_of(either) as api:
        await api.post("/stations", json={"identity": "CP1"})
        async with station(either, "CP1") as wire:
            await wire.boot()
        account = (await api.get("/account")).json()["account_id"]
        unit = db.unit(parse_public(account) or 0)
        assert await feed.forget(db, keep) == 0
        assert await newest(unit, 100) != []
        with later(db, 31):
            assert await feed.forget(db, keep) > 0

        async def gone() -> bool:
            with later(db, 31):
                await feed.forget(db, keep)
            return await newest(unit, 100) == []

        await until(gone)


async def test_what_fails_is_tried_again_at_the_next_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(removing, "EVERY_S", 0.001)
    turns: list[int] = []

    async def forget() -> int:
        turns.append(len(turns))
        if len(turns) == 1:
            raise OSError("the database is away")
        return 1

    async def went_on() -> bool:
        return len(turns) > 2

    stop = removing.forgetting("rows", forget)
    await until(went_on)
    await stop()
    ended = len(turns)
    await asyncio.sleep(0.01)
    assert len(turns) == ended
