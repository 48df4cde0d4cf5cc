"""PostgreSQL: a table that grows with time, one partition a week, so that what is old goes by dropping (decision 33).

Ids begin with the time at which they were given, so a week is a range of ids and every query with a range of ids or of
times reads the weeks that it needs. A row for which no week is there lands in the default partition, and is moved.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

import asyncpg
from sqlalchemy import Table

from ocpp_css.kit.clock import from_micros, to_micros
from ocpp_css.kit.ids import first_id_at, given_at_ms

WEEK: Final = timedelta(days=7)
AHEAD: Final = 4
"""Weeks that are made before they come."""
MARK: Final = "_part_"
"""What the names of partitions have and those of no other table."""
_LOCK_TIMEOUT_MS: Final = 2_000
"""Commits wait no longer for a change of the partitions; one that does not get through is tried an hour later."""
_BOUNDS = re.compile(r"FROM \((MINVALUE|'\d+')\) TO \('(\d+)'\)")


class Part(NamedTuple):
    """A partition and its range of ids; one that holds only what is kept for longer is `thinned`."""

    name: str
    begin: int
    end: int

    @property
    def is_thinned(self) -> bool:
        return self.name.endswith("_kept")


def week_of(moment: datetime) -> datetime:
    """The Monday on which the week of `moment` began, UTC."""
    day = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return day - timedelta(days=day.weekday())


def bound(moment: datetime) -> int:
    """The smallest id that may be given at `moment`."""
    return first_id_at(to_micros(moment) // 1000)


class Partitions:
    """The partitions of one table; `kept` is the condition, in SQL, of the rows that stay for longer."""

    def __init__(self, dsn: str, table: Table, kept: str) -> None:
        self._dsn = dsn
        self._table = table.name
        self._kept = kept
        self._default = f"{table.name}{MARK}default"

    async def tend(self, now: datetime, keep: timedelta, keep_longer: timedelta) -> int:
        """Make the weeks to come, drop those that are over; how many were dropped. One process at a time."""
        settings = {"lock_timeout": str(_LOCK_TIMEOUT_MS), "application_name": "ocpp-css partitions"}
        connection = await asyncpg.connect(self._dsn, server_settings=settings)
        try:
            if not await connection.fetchval("SELECT pg_try_advisory_lock(hashtext($1))", self._default):
                return 0
            await self._make(connection, now)
            return await self._drop(connection, bound(now - keep), bound(now - keep_longer))
        finally:
            await connection.close()

    async def parts(self, connection: asyncpg.Connection) -> list[Part]:
        """All but the default one, the oldest first."""
        rows = await connection.fetch(
            "SELECT c.relname, pg_get_expr(c.relpartbound, c.oid) AS bounds FROM pg_inherits i "
            "JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = $1::regclass",
            self._table,
        )
        found = [(row["relname"], _BOUNDS.search(row["bounds"])) for row in rows]
        parts = [Part(name, _number(match[1]), int(match[2])) for name, match in found if match]
        return sorted(parts, key=lambda part: part.begin)

    # --- weeks to come ------------------------------------------------------------------------------------------

    async def _make(self, connection: asyncpg.Connection, now: datetime) -> None:
        wanted = [week_of(now) + number * WEEK for number in range(AHEAD + 1)]
        wanted += await self._weeks_in_default(connection)
        for week in wanted:
            begin, end = bound(week), bound(week + WEEK)
            if not any(begin < part.end and part.begin < end for part in await self.parts(connection)):
                await self._add(connection, Part(f"{self._table}{MARK}{week:%Y%m%d}", begin, end))

    async def _weeks_in_default(self, connection: asyncpg.Connection) -> list[datetime]:
        weeks: list[datetime] = []
        after = -1
        while True:
            query = f"SELECT min(id) FROM {self._default} WHERE id > $1"  # noqa: S608 - our own name
            lowest: int | None = await connection.fetchval(query, after)
            if lowest is None:
                return weeks
            weeks.append(week_of(from_micros(given_at_ms(lowest) * 1000)))
            after = bound(weeks[-1] + WEEK) - 1

    async def _add(self, connection: asyncpg.Connection, part: Part) -> None:
        """Attach a new partition; rows of its week that the default one took are moved."""
        async with connection.transaction():
            await connection.execute(f"CREATE TABLE {part.name} (LIKE {self._table} INCLUDING ALL)")
            await connection.execute(f"LOCK TABLE {self._default} IN SHARE ROW EXCLUSIVE MODE")
            await connection.execute(
                f"WITH moved AS (DELETE FROM {self._default} WHERE id >= $1 AND id < $2 RETURNING *) "  # noqa: S608
                f"INSERT INTO {part.name} SELECT * FROM moved",
                part.begin,
                part.end,
            )
            await connection.execute(self._attach(part))

    # --- weeks that are over ------------------------------------------------------------------------------------

    async def _drop(self, connection: asyncpg.Connection, keep: int, keep_longer: int) -> int:
        dropped = 0
        for part in await self.parts(connection):
            if part.end <= keep_longer:
                await connection.execute(f"DROP TABLE {part.name}")
                dropped += 1
            elif part.end <= keep and not part.is_thinned:
                await self._thin(connection, part)
                dropped += 1
        return dropped

    async def _thin(self, connection: asyncpg.Connection, part: Part) -> None:
        """Put a partition with what is kept for longer in the place of a whole one.

        The rows are copied in the order of stations, so that a transaction's rows stand together on the disk. The
        table itself is locked for the moment of the change only.
        """
        thin = Part(f"{part.name}_kept", part.begin, part.end)
        async with connection.transaction():
            await connection.execute(f"CREATE TABLE {thin.name} (LIKE {self._table} INCLUDING ALL)")
            copied = await connection.execute(
                f"INSERT INTO {thin.name} SELECT * FROM {part.name} WHERE {self._kept} "  # noqa: S608
                "ORDER BY tenant_id, station_id, id"
            )
            await connection.execute(
                f"ALTER TABLE {thin.name} ADD CONSTRAINT bounds CHECK (id >= {thin.begin} AND id < {thin.end})"
            )
            await connection.execute(f"DROP TABLE {part.name}")
            if copied == "INSERT 0 0":
                await connection.execute(f"DROP TABLE {thin.name}")
                return
            await connection.execute(self._attach(thin))
            await connection.execute(f"ALTER TABLE {thin.name} DROP CONSTRAINT bounds")
        await connection.execute(f"ANALYZE {thin.name}")

    def _attach(self, part: Part) -> str:
        begin = f"'{part.begin}'" if part.begin else "MINVALUE"
        return f"ALTER TABLE {self._table} ATTACH PARTITION {part.name} FOR VALUES FROM ({begin}) TO ('{part.end}')"


def _number(bound_text: str) -> int:
    return 0 if bound_text == "MINVALUE" else int(bound_text.strip("'"))
