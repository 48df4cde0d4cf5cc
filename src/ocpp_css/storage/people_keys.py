"""Each person's key, in a store apart from the database that it protects, wrapped by a key that is in neither.

Destroying a person's key makes what was sealed with it unreadable everywhere, in every copy of the database (decision
55): so the keys must not be in those copies.
"""

import asyncio
import secrets as randomness
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from sqlalchemy import BigInteger, Column, MetaData, Table, Text, event, func, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from ocpp_css.kit.errors import Refusal
from ocpp_css.kit.sealing import Seal, SealBroken
from ocpp_css.kit.wrapping import LENGTH, Keks
from ocpp_css.storage.parting import part

SCHEMA: Final = "ocpp_css_keys"
"""On PostgreSQL the keys have a schema of their own, so that a dump can leave them out."""
_STORE: Final = 0
"""The row of the store itself: its wrapped text is its name."""
AT_ONCE: Final = 500


class KekMissing(Refusal):
    """A person's key is wrapped by a key that is not at hand."""

    code = "kek_missing"
    status = 503
    title = "A key that wraps keys of people is missing"
    explanation = "Put it back beside the others; nobody's personal data can be read without it."


def table_of(schema: str | None) -> Table:
    """The only table of the store."""
    return Table(
        "people_keys",
        MetaData(schema=schema),
        Column("user_id", BigInteger, primary_key=True, autoincrement=False),
        Column("wrapped", Text),
        Column("kek", Text, nullable=False),
        Column("made_at", BigInteger, nullable=False),
        Column("destroyed_at", BigInteger),
    )


class PeopleKeys:
    """The store: `url` is `sqlite:///…` or `postgresql://…`; it opens with its first use."""

    def __init__(self, url: str, keks: Keks) -> None:
        self.url = url
        self.keks = keks
        self._table = table_of(None if url.startswith("sqlite") else SCHEMA)
        self._engine: AsyncEngine | None = None
        self._opening = asyncio.Lock()

    async def load(self, people: Iterable[int]) -> dict[int, Seal]:
        """The seals of these people; who has no key yet, or none any more, is missing."""
        wanted, found = sorted(set(people)), {}
        for start in range(0, len(wanted), AT_ONCE):
            query = select(self._table).where(self._table.c.user_id.in_(wanted[start : start + AT_ONCE]))
            for row in await self._rows(query.where(self._table.c.wrapped.is_not(None))):
                found[row.user_id] = Seal(self._unwrapped(row))
        return found

    async def make(self, people: Iterable[int]) -> Mapping[int, Seal]:
        """The seals of these people, made where they had none; who was destroyed stays so, and is missing."""
        kek, wrapper = self.keks.newest()
        rows = [
            {"user_id": person, "wrapped": wrapper.close(randomness.token_bytes(LENGTH), _place(person)), "kek": kek,
             "made_at": int(time.time())}
            for person in sorted(set(people))
        ]  # fmt: skip
        kind = sqlite if self.url.startswith("sqlite") else postgresql
        async with (await self._opened()).begin() as connection:
            await connection.execute(kind.insert(self._table).on_conflict_do_nothing(), rows)
        return await self.load(people)

    async def destroy(self, person: int) -> bool:
        """Nothing that was sealed for this person can be read ever again; whether there was a key.

        What remains is a mark that says so: no key is made for them anew.
        """
        gone = {"wrapped": None, "kek": "", "destroyed_at": int(time.time())}
        query = update(self._table).where(self._table.c.user_id == person, self._table.c.wrapped.is_not(None))
        async with (await self._opened()).begin() as connection:
            done = await connection.execute(query.values(**gone))
        return bool(done.rowcount)

    async def rewrap(self) -> int:
        """Wrap by the newest key what older ones wrapped; how many. Whoever reads meanwhile finds either."""
        kek, wrapper = self.keks.newest()
        done, mine = 0, self._table.c
        query = select(self._table).where(mine.user_id != _STORE, mine.wrapped.is_not(None), mine.kek != kek)
        while rows := await self._rows(query.limit(AT_ONCE)):
            async with (await self._opened()).begin() as connection:
                for row in rows:
                    wrapped = wrapper.close(self._unwrapped(row), _place(row.user_id))
                    seen = update(self._table).where(mine.user_id == row.user_id, mine.wrapped == row.wrapped)
                    done += (await connection.execute(seen.values(wrapped=wrapped, kek=kek))).rowcount
        async with (await self._opened()).begin() as connection:
            await connection.execute(update(self._table).where(mine.user_id == _STORE).values(kek=kek))
        return done

    async def counts(self) -> Mapping[str, int]:
        """How many keys each wrapping key wraps, by its name; under "" those that were destroyed."""
        mine = self._table.c
        query = select(mine.kek, func.count().label("number")).where(mine.user_id != _STORE).group_by(mine.kek)
        return {row.kek: row.number for row in await self._rows(query)}

    async def needed(self) -> set[str]:
        """The names of the wrapping keys that must be at hand: of those that wrap, and of the one that was newest when
        the store was made or turned, so that no process begins with one of its own.
        """
        rows = await self._rows(select(self._table.c.kek).distinct())
        return {row.kek for row in rows} - {""}

    async def name(self) -> str:
        """What tells this store from others; it is given when the store is made."""
        (row,) = await self._rows(select(self._table.c.wrapped).where(self._table.c.user_id == _STORE))
        return str(row.wrapped)

    async def close(self) -> None:
        """Let go."""
        if self._engine is not None:
            await part(self._engine.dispose())
            self._engine = None

    def _unwrapped(self, row: Any) -> bytes:
        seal = self.keks.find(row.kek)
        if seal is None:
            raise KekMissing
        try:
            return seal.open(row.wrapped, _place(row.user_id))
        except SealBroken:
            raise KekMissing from None

    async def _rows(self, query: Any) -> list[Any]:
        async with (await self._opened()).connect() as connection:
            return list((await connection.execute(query)).all())

    async def _opened(self) -> AsyncEngine:
        async with self._opening:
            if self._engine is None:
                engine = _engine(self.url)
                async with engine.begin() as connection:
                    await self._prepare(connection)
                self._engine = engine
        return self._engine

    async def _prepare(self, connection: AsyncConnection) -> None:
        """Make what is missing; of several processes at once one does."""
        kind: Any = sqlite
        if not self.url.startswith("sqlite"):
            kind = postgresql
            await connection.execute(text("SELECT pg_advisory_xact_lock(7203911)"))
            await connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
        await connection.run_sync(self._table.metadata.create_all)
        row = {
            "user_id": _STORE,
            "wrapped": randomness.token_hex(8),
            "kek": self.keks.newest()[0],
            "made_at": int(time.time()),
        }
        await connection.execute(kind.insert(self._table).on_conflict_do_nothing(), row)


def _place(person: int) -> str:
    return f"people_keys/{person}"


def _engine(url: str) -> AsyncEngine:
    """SQLite overwrites what is destroyed, and keeps no log of changes that could still hold it."""
    if not url.startswith("sqlite"):
        return create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://", 1), pool_size=2)
    path = Path(url.removeprefix("sqlite:///"))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    engine = create_async_engine(url.replace("sqlite:///", "sqlite+aiosqlite:///", 1), connect_args={"timeout": 30})

    @event.listens_for(engine.sync_engine, "connect")
    def _careful(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        for pragma in ("journal_mode=DELETE", "synchronous=FULL", "secure_delete=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    return engine
