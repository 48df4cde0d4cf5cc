"""PostgreSQL: one writing task per process, one transaction for many units, arrays instead of rows."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

import asyncpg
from sqlalchemy import Table

from ocpp_css.storage import statements
from ocpp_css.storage.batch import Batch, Guards, gather
from ocpp_css.storage.tables import LINKS
from ocpp_css.storage.unit import Op, Outcome, Unit
from ocpp_css.storage.writing import Writer

_LOCK_TIMEOUT_MS = 5_000
_RETRY_S = 0.5


class PostgresWriter(Writer):
    """Commits batches on the loop, over a connection that is made anew when it breaks."""

    def __init__(self, dsn: str, take: Callable[[], list[Unit]], release: Callable[[list[Unit]], None]) -> None:
        super().__init__(take, release)
        self._dsn = dsn
        self._texts: dict[Any, tuple[str, list[tuple[int, statements.Convert]]]] = {}
        self._connection: asyncpg.Connection | None = None

    async def _close(self) -> None:
        if self._connection is not None:
            await self._connection.close()

    async def _commit(self, units: list[Unit]) -> None:
        while units:
            batch = gather(units)
            try:
                connection = await self._connected()
                await self._attempt(connection, batch)
            except (OSError, asyncpg.InterfaceError, asyncpg.PostgresConnectionError) as fault:
                await self._lost(batch.units, fault)
            except Exception:  # noqa: BLE001 - whatever the fault, each unit is then tried alone (RULES 3.2)
                await self._one_by_one(batch.units)
            self._release(batch.units)
            units = batch.deferred

    async def _connected(self) -> asyncpg.Connection:
        if self._connection is None or self._connection.is_closed():
            self._connection = await asyncpg.connect(
                self._dsn,
                statement_cache_size=1024,
                max_cached_statement_lifetime=0,
                server_settings={"lock_timeout": str(_LOCK_TIMEOUT_MS), "application_name": "ocpp-css writer"},
            )
        return self._connection

    async def _lost(self, units: list[Unit], fault: Exception) -> None:
        """The database is away: nothing of these units is known to be stored, so none is acknowledged."""
        if self._connection is not None:
            with contextlib.suppress(Exception):
                self._connection.terminate()
            self._connection = None
        for unit in units:
            unit.fault = fault
            unit.outcome = Outcome.FAILED
        if not self._stopping:
            await asyncio.sleep(_RETRY_S)

    async def _attempt(self, connection: asyncpg.Connection, batch: Batch) -> None:
        async with connection.transaction():
            await self._write(connection, batch)
        batch.settle(Outcome.COMMITTED)

    async def _one_by_one(self, units: list[Unit]) -> None:
        for unit in units:
            unit.outcome = None
            try:
                await self._attempt(await self._connected(), gather([unit]))
            except asyncpg.UniqueViolationError as fault:
                unit.fault = fault
                unit.outcome = Outcome.DUPLICATE if unit.absences else Outcome.FAILED
            except (asyncpg.DataError, OverflowError) as fault:
                unit.fault = fault
                unit.outcome = Outcome.UNFIT
            except Exception as fault:  # noqa: BLE001 - told to the unit's owner, who logs it
                unit.fault = fault
                unit.outcome = Outcome.FAILED

    async def _write(self, connection: asyncpg.Connection, batch: Batch) -> None:
        batch.apply(await self._check(connection, batch.guards()))
        for (op, table, changed), rows in batch.grouped().items():
            text, conversions = self._text(op, table, changed)
            await connection.execute(text, *_transposed(statements.convert_rows(rows, conversions)))

    async def _check(self, connection: asyncpg.Connection, guards: Guards) -> Guards:
        """Those of the guards that fail."""
        failed = Guards()
        if guards.fences:
            failed.fences = await self._matching(connection, statements.fenced_statement, (LINKS,), guards.fences)
        for table, rows in sorted(guards.versions.items(), key=lambda item: item[0].name):
            failed.versions[table] = await self._matching(connection, statements.stale_statement, (table,), rows)
        for about, rows in guards.absences.items():
            failed.absences[about] = await self._matching(connection, statements.present_statement, about, rows)
        return failed

    async def _matching(
        self,
        connection: asyncpg.Connection,
        make: Callable[..., str],
        about: tuple[Any, ...],
        rows: set[tuple[Any, ...]],
    ) -> set[Any]:
        key = (make, *about)
        if key not in self._texts:
            self._texts[key] = (make(*about, statements.Postgres()), [])
        return {tuple(row) for row in await connection.fetch(self._texts[key][0], *_transposed(sorted(rows)))}

    def _text(self, op: Op, table: Table, changed: tuple[str, ...]) -> tuple[str, list[tuple[int, statements.Convert]]]:
        known = self._texts.get((op, table, changed))
        if known is None:
            names = statements.columns_of(op, table, changed)
            known = (
                statements.write_statement(op, table, changed, statements.Postgres()),
                statements.converters(table, names, "postgresql"),
            )
            self._texts[op, table, changed] = known
        return known


def _transposed(rows: Any) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]
