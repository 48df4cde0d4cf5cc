"""PostgreSQL: one writing task per process, one transaction for many units, arrays instead of rows."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

import asyncpg
from sqlalchemy import Table

from ocpp_css.storage import chains as chaining
from ocpp_css.storage import policies, statements
from ocpp_css.storage.batch import Batch, Guards, gather
from ocpp_css.storage.parting import part
from ocpp_css.storage.statements import key_of
from ocpp_css.storage.tables import LINKS
from ocpp_css.storage.unit import Op, Outcome, Unit
from ocpp_css.storage.writing import Writer

_LOCK_TIMEOUT_MS = 5_000
_ASLEEP_MS = 3_000
"""A process that sleeps in the middle of a transaction loses it before others have waited too long for its locks."""
_RETRY_S = 0.5
_SILENT_S = 30.0
_KNOCK_S = 5.0
"""How long a server that is asked for a connection may say nothing: who stops the service waits for it too."""

AWAY = (
    OSError, asyncpg.InterfaceError, asyncpg.PostgresConnectionError, asyncpg.OperatorInterventionError,
    asyncpg.ConnectionDoesNotExistError, asyncpg.TooManyConnectionsError,
)  # fmt: skip
"""Faults of a database that is not there, or goes, as opposed to a statement that it refuses."""


class PostgresWriter(Writer):
    """Commits batches on the loop, over a connection that is made anew when it breaks.

    A commit costs it and the server a millisecond or two whatever is in it, and there may be several processes, each
    with its own (docs/decisions/0017).
    """

    interval_s = 0.010
    enough = 64

    def __init__(
        self,
        dsn: str,
        take: Callable[[], list[Unit]],
        release: Callable[[list[Unit]], None],
        chains: chaining.Chains,
    ) -> None:
        super().__init__(take, release)
        self._chains = chains
        self._dsn = dsn
        self._texts: dict[Any, tuple[str, list[tuple[int, statements.Convert]]]] = {}
        self._connection: asyncpg.Connection | None = None
        self._is_unsure = False
        self._aside: list[Unit] = []
        self._admitted: set[int] = set()

    async def _close(self) -> None:
        if self._connection is not None:
            await part(self._connection.close())

    def _next(self) -> list[Unit]:
        """What waited for the database first."""
        units, self._aside = self._aside, []
        return units or self._take()

    async def _commit(self, units: list[Unit]) -> None:
        while units:
            batch = gather(units)
            await self._see_through(batch)
            units = batch.deferred

    async def _see_through(self, batch: Batch) -> None:
        """Commit, as often as it takes where the database is away; then each unit has its outcome."""
        self._is_unsure = False
        while batch.units:
            try:
                await self._commit_once(batch)
            except AWAY as fault:
                waiting = await self._lost(batch.units, fault)
                self._release([unit for unit in batch.units if unit.outcome is not None])
                batch.units = waiting
                continue
            except Exception:  # noqa: BLE001 - whatever the fault, each unit is then tried alone (RULES 3.2)
                await self._one_by_one(batch.units)
            self._release(batch.units)
            return

    async def _commit_once(self, batch: Batch) -> None:
        connection = await self._connected()
        await self._admit(connection, batch)
        if self._is_unsure and await self._is_stored(connection, batch):
            batch.settle(Outcome.COMMITTED)
        else:
            await self._attempt(connection, batch)
        self.is_away = self._is_unsure = False

    async def _connected(self) -> asyncpg.Connection:
        if self._connection is None or self._connection.is_closed():
            self._admitted = set()
            self._connection = await asyncpg.connect(
                self._dsn,
                statement_cache_size=1024,
                max_cached_statement_lifetime=0,
                timeout=_KNOCK_S,
                command_timeout=_SILENT_S,
                server_settings={
                    "lock_timeout": str(_LOCK_TIMEOUT_MS),
                    "idle_in_transaction_session_timeout": str(_ASLEEP_MS),
                    "application_name": "ocpp-css writer",
                },
            )
        return self._connection

    async def _lost(self, units: list[Unit], fault: Exception) -> list[Unit]:
        """The database is away. What may wait is tried again, and all of a transaction whose end nobody knows; the
        rest is told at once that it was not stored, what came meanwhile too.
        """
        if self._connection is not None:
            with contextlib.suppress(Exception):
                self._connection.terminate()
            self._connection = None
        self.is_away = True
        waiting = [unit for unit in units if unit.outcome is None and self._may_wait(unit)]
        came = self._take()
        self._aside += [unit for unit in came if self._may_wait(unit)]
        for unit in (*units, *came):
            if unit.outcome is None and not self._may_wait(unit):
                unit.fault, unit.outcome = fault, Outcome.FAILED
        self._release([unit for unit in came if unit.outcome is not None])
        if not self._stopping:
            await asyncio.sleep(_RETRY_S)
        return waiting

    def _may_wait(self, unit: Unit) -> bool:
        return (unit.waits or self._is_unsure) and not self._stopping

    async def _attempt(self, connection: asyncpg.Connection, batch: Batch) -> None:
        transaction = connection.transaction()
        await transaction.start()
        try:
            await self._write(connection, batch)
        except BaseException:
            with contextlib.suppress(*AWAY):
                await transaction.rollback()
            raise
        self._is_unsure = True
        await transaction.commit()
        self._is_unsure = False
        batch.settle(Outcome.COMMITTED)

    async def _admit(self, connection: asyncpg.Connection, batch: Batch) -> None:
        """Say whose rows this batch touches; PostgreSQL lets no statement touch another's (`policies`)."""
        tenants = {unit.tenant for unit in batch.units}
        tenants.update(write[3][0] for unit in batch.units for write in unit.writes)
        if tenants != self._admitted:
            await connection.execute(f"SET {policies.TENANTS} = '{policies.listed(tenants)}'")
            self._admitted = tenants

    async def _is_stored(self, connection: asyncpg.Connection, batch: Batch) -> bool:
        """Whether the transaction that was broken off at its commit is in force: all of it is, or nothing.

        One new row tells, if nobody else could have made it: its key is a number of this process. Without one the
        guards do, and to write the rest again changes nothing.
        """
        for (op, table, _), rows in batch.grouped().items():
            if op is Op.INSERT and key_of(table) == ("tenant_id", "id"):
                names = table.c.keys()
                key = tuple(rows[0][names.index(name)] for name in key_of(table))
                return bool(
                    await self._matching(connection, statements.present_statement, (table, key_of(table)), {key})
                )
        return False

    async def _one_by_one(self, units: list[Unit]) -> None:
        is_unsure = self._is_unsure
        for unit in units:
            unit.outcome, self._is_unsure = None, is_unsure
            while unit.outcome is None:
                try:
                    await self._commit_once(gather([unit]))
                except AWAY as fault:
                    await self._lost([unit], fault)
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
            if "chained" in table.info and op is Op.INSERT:
                rows = await self._linked(connection, table, rows)  # noqa: PLW2901 - the same rows, with their links
            text, conversions = self._text(op, table, changed)
            await connection.execute(text, *_transposed(statements.convert_rows(rows, conversions)))

    async def _linked(self, connection: asyncpg.Connection, table: Table, rows: Any) -> Any:
        """The rows of an append-only table after the ends of their chains, which are held until the commit."""
        ends = {}
        for tenant in sorted({row[0] for row in rows}):
            await connection.execute(chaining.BEGIN_POSTGRES, tenant, table.name)
            ends[tenant] = chaining.End(*await connection.fetchrow(chaining.FIND_POSTGRES, tenant, table.name))
        linked = self._chains.linked(table, rows, ends)
        for tenant, end in ends.items():
            proof = self._chains.proof(tenant, table.name, end)
            await connection.execute(chaining.KEEP_POSTGRES, tenant, table.name, *end, proof)
        return linked

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
