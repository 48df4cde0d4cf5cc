"""How fast pages stay when the store has grown: `python -m bench.growth --rows 1000000 [--database sqlite|postgresql]`.

Fills a month of messages into an empty installation, starts the service and measures what people look at.
"""

import argparse
import asyncio
import json
import shutil
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import uvloop
from rich.console import Console
from rich.table import Table as Shown

from bench import machine
from bench.filling import DAYS, LONG_MIN, Fleet, fill_postgres, fill_sqlite, fill_weeks, stations_for
from bench.postgres import Postgres
from ocpp_css.app.running import Service, running
from ocpp_css.app.settings import DATABASE_FILE, Settings
from ocpp_css.charging.messages.store import IS_KEPT_LONGER
from ocpp_css.charging.transactions.store import CHARGING
from ocpp_css.gateway.messages import MESSAGES
from ocpp_css.kit.ids import parse_public
from ocpp_css.people.access import commands
from ocpp_css.storage import Database
from ocpp_css.storage.partitions import AHEAD, WEEK, Partitions

PREFIX = "GROWN"
TIMES = 20
LIMIT_MS = 100.0
"""What a page may take (release goal)."""
FIRST_WEEK = datetime(2025, 1, 6, tzinfo=UTC)
"""Ids count from the beginning of this year."""
FOREVER = timedelta(days=36_500)


@asynccontextmanager
async def _service(settings: Settings) -> AsyncIterator[tuple[Service, httpx.AsyncClient]]:
    async with running(settings) as service:
        key = (await commands.create_api_key(service.wiring.db, "Main", "growth", ("*",)))["api_key"]
        headers = {"Authorization": f"Bearer {key}"}
        async with httpx.AsyncClient(base_url=f"{service.web_url}/api/v1", headers=headers, timeout=300) as api:
            yield service, api


async def _prepare(settings: Settings, rows: int) -> Fleet:
    """Stations and tokens, as a customer makes them."""
    count = stations_for(rows)
    async with _service(settings) as (service, api):
        names = [f"{PREFIX}{number:05}" for number in range(count)]
        for start in range(0, count, 1_000):
            body = [{"identity": name} for name in names[start : start + 1_000]]
            (await api.post("/stations/import", json=body)).raise_for_status()
        for number in range(50):
            (await api.post("/tokens", json={"id_token": f"TAG{number:05}"})).raise_for_status()
        db, account = service.wiring.db, (await api.get("/account")).json()
        tenant = parse_public(account["account_id"])
        assert tenant is not None
        stations = [row.station_id for row in await db.unit(tenant).all(_station_numbers())]
        pseudonyms = service.wiring.pseudonyms
        unit = db.unit(tenant)
        tokens = [pseudonyms.refer(unit, f"TAG{number:05}") for number in range(50)]
        await unit.commit()
    return Fleet(tenant, stations, tokens)


def _station_numbers() -> Any:
    from sqlalchemy import select

    from ocpp_css.charging.stations.store.stations import STATIONS

    return select(STATIONS.c.station_id).order_by(STATIONS.c.identity)


async def _years_of_weeks(url: str, fleet: Fleet) -> None:
    """The partitions of an installation that is two years old, each with a row that is kept."""
    connection = await asyncpg.connect(url)
    await connection.execute("DROP TABLE messages_part_first")
    await connection.close()
    partitions = Partitions(url, MESSAGES, IS_KEPT_LONGER)
    now = datetime.now(UTC)
    for back in range(min(104, (now - FIRST_WEEK) // WEEK), -1, -AHEAD - 1):
        await partitions.tend(now - back * WEEK, FOREVER, FOREVER)
    await partitions.tend(now, FOREVER, FOREVER)
    await fill_weeks(url, fleet, FIRST_WEEK, now - timedelta(days=DAYS) - WEEK)


async def _questions(api: httpx.AsyncClient) -> dict[str, str]:
    """What is asked, by what it shows."""
    now = datetime.now(UTC)
    day_ago, weeks_ago = now - timedelta(days=1), now - timedelta(days=DAYS // 2)
    station = f"{PREFIX}00000"
    page = (await api.get("/transactions", params={"station": station, "limit": 3})).json()
    long_one = page["items"][1]["id"]
    deep = (await api.get("/transactions", params={"limit": 500})).json()["next_cursor"]
    day = f"since={_text(weeks_ago)}&until={_text(weeks_ago + timedelta(days=1))}"
    return {
        "transactions, first page": "/transactions?limit=50",
        "transactions, a later page": f"/transactions?limit=50&cursor={deep}",
        "transactions of a station": f"/transactions?limit=50&station={station}",
        "transactions that are open": "/transactions?limit=50&state=active",
        "transactions of a token": "/transactions?limit=50&id_token=TAG00007",
        "transactions of a day, two weeks ago": f"/transactions?limit=50&{day}",
        "transactions, search that finds": "/transactions?limit=50&search=0001",
        "transactions, search that finds nothing": "/transactions?limit=50&search=nothing-like-it",
        f"a day's chart, {LONG_MIN} readings": f"/transactions/{long_one}/meter-values",
        "a day's events": f"/transactions/{long_one}/events",
        "messages of a station, first page": f"/stations/{station}/messages?limit=100",
        "messages of the last day": f"/stations/{station}/messages?limit=100&since={_text(day_ago)}",
        "messages of a day, two weeks ago": f"/stations/{station}/messages?limit=100&{day}",
        "messages, only starts": f"/stations/{station}/messages?limit=100&action=StartTransaction",
        "messages, only errors (none)": f"/stations/{station}/messages?limit=100&errors=true",
        "stations, first page": "/stations?limit=50",
    }


def _text(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


async def _loading(db: Database, fleet: Fleet) -> dict[str, Any]:
    """What a gateway reads when stations come, up to fifty at once."""
    took = []
    for _ in range(TIMES + 1):
        begun = time.perf_counter()
        await CHARGING.load(db.unit(fleet.tenant), fleet.stations[:50])
        took.append((time.perf_counter() - begun) * 1000)
    return _figures("the state of fifty stations that connect", took)


def _figures(name: str, took: list[float]) -> dict[str, Any]:
    first, *others = took
    return {"page": name, "first_ms": first, "p50_ms": statistics.median(others), "worst_ms": max(others)}


async def _measure(settings: Settings, fleet: Fleet) -> list[dict[str, Any]]:
    found = []
    async with _service(settings) as (service, api):
        found.append(await _loading(service.wiring.db, fleet))
        for name, path in (await _questions(api)).items():
            took = []
            for _ in range(TIMES + 1):
                begun = time.perf_counter()
                (await api.get(path)).raise_for_status()
                took.append((time.perf_counter() - begun) * 1000)
            found.append(_figures(name, took))
    return found


async def _run(settings: Settings, rows: int, console: Console) -> dict[str, Any]:
    fleet = await _prepare(settings, rows)
    begun = time.perf_counter()
    if settings.database:
        await _years_of_weeks(settings.database, fleet)
        count = await fill_postgres(settings.database, fleet)
    else:
        count = await asyncio.to_thread(fill_sqlite, settings.data / DATABASE_FILE, fleet)
    took = time.perf_counter() - begun
    size = await _size(settings) / count
    console.print(
        f"{count:,} messages of {len(fleet.stations)} stations in {took:.0f} s, "
        f"{size:.0f} bytes each with indexes and transactions"
    )
    pages = await _measure(settings, fleet)
    kind = "postgresql" if settings.database else "sqlite"
    return {"database": kind, "messages": count, "bytes_per_message": round(size), "pages": pages}


async def _size(settings: Settings) -> int:
    """Bytes of the whole database."""
    if not settings.database:
        return sum(file.stat().st_size for file in settings.data.glob(f"{DATABASE_FILE}*"))
    connection = await asyncpg.connect(settings.database)
    size: int = await connection.fetchval("SELECT pg_database_size(current_database())")
    await connection.close()
    return size


def _show(result: dict[str, Any], console: Console) -> None:
    table = Shown(title=f"{result['database']}, {result['messages']:,} messages, ms over HTTP")
    for name in ("page", "first", "p50", "worst", ""):
        table.add_column(name, justify="left" if name == "page" else "right")
    for row in result["pages"]:
        figures = [f"{row[name]:.1f}" for name in ("first_ms", "p50_ms", "worst_ms")]
        table.add_row(row["page"], *figures, "ok" if row["p50_ms"] < LIMIT_MS else "SLOW")
    console.print(table)


def main() -> None:
    """Fill, measure, show; everything is removed at the end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--place", type=Path, help="where the data are made; some 500 bytes a row are needed")
    parser.add_argument("--results", type=Path, help="write the figures to this file as JSON")
    given = parser.parse_args()
    console = Console(width=120)
    folder = Path(tempfile.mkdtemp(prefix="growth-", dir=given.place))
    folder.chmod(0o755)
    server = Postgres(folder / "postgres", machine.cores().rest) if given.database == "postgresql" else None
    try:
        database = server.copy("growth") if server else None
        settings = Settings(
            data=folder / "data", database=database, host="127.0.0.1", web_port=0, station_port=0,
            default_account="Main",
        )  # fmt: skip
        result = uvloop.run(_run(settings, given.rows, console))
        _show(result, console)
        if given.results:
            given.results.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    finally:
        if server:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
