"""SQLite: one writer, one transaction for many units, synchronous FULL."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from sqlalchemy import Table

from ocpp_css.storage import chains as chaining
from ocpp_css.storage import statements
from ocpp_css.storage.batch import Batch, Guards, gather
from ocpp_css.storage.fences import Fences
from ocpp_css.storage.late import LateIndex
from ocpp_css.storage.schema import METADATA
from ocpp_css.storage.tables import LINKS
from ocpp_css.storage.unit import Op, Outcome, Unit
from ocpp_css.storage.writing import Writer

_CHECKPOINT_BYTES = 16 << 20
_SIZES = (32, 8, 1)
"""Rows of one statement; larger ones are no faster, and each stays prepared with a register for every value."""


class SqliteWriter(Writer):
    """Rows are written on the loop, where no other thread wants the interpreter meanwhile (decision 11); what waits for
    the disk, or for another process, is done in a thread of its own.
    """

    is_away = False
    """It has no connection that could break."""

    def __init__(
        self,
        path: Path,
        take: Callable[[], list[Unit]],
        release: Callable[[list[Unit]], None],
        chains: chaining.Chains,
    ) -> None:
        super().__init__(take, release)
        self._chains = chains
        self._path = path
        self._texts: dict[Any, str] = {}
        self._converters: dict[Any, list[tuple[int, statements.Convert]]] = {}
        self._connection = self._connect()
        self._fences = Fences(self._connection)
        self._late = {
            table: LateIndex(self._connection, table) for table in METADATA.tables.values() if "late" in table.info
        }
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sqlite-commit")
        self._checkpointer = threading.Thread(target=self._checkpoints, name="sqlite-checkpoint", daemon=True)
        self._stopped = threading.Event()

    def start(self) -> None:
        super().start()
        self._checkpointer.start()

    async def _close(self) -> None:
        if self._stopped.is_set():
            return
        self._stopped.set()
        await asyncio.get_running_loop().run_in_executor(self._thread, self._checkpointer.join)
        self._thread.shutdown()
        self._connection.close()

    def execute(self, text: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """One statement of its own, before `start` only."""
        with self._connection:
            return self._connection.execute(text, values).fetchall()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, isolation_level=None, check_same_thread=False, timeout=30, cached_statements=512
        )
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "wal_autocheckpoint=0", "cache_size=-4096"):
            connection.execute(f"PRAGMA {pragma}")
        return connection

    async def _commit(self, units: list[Unit]) -> None:
        while units:
            batch = gather(units)
            try:
                await self._attempt(batch)
            except Exception:  # noqa: BLE001 - whatever the fault, each unit is then tried alone (RULES 3.2)
                await self._one_by_one(batch.units)
            self._release(batch.units)
            units = batch.deferred

    async def _attempt(self, batch: Batch) -> None:
        await self._wait("BEGIN IMMEDIATE")
        written = {}
        try:
            self._write(batch)
            written = {index: index.write() for index in self._late.values()}
            await self._wait("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                await self._wait("ROLLBACK")
            for index, rows in written.items():
                index.put_back(rows)
            raise
        batch.settle(Outcome.COMMITTED)

    def late(self, table: Table, tenant: int, owner: int) -> Sequence[int]:
        """The numbers of an owner's rows that may be missing in the table's late index."""
        return self._late[table].of((tenant, owner))

    async def _wait(self, statement: str) -> None:
        """Do what may wait beside the loop."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._connection.execute, statement)

    async def _one_by_one(self, units: Iterable[Unit]) -> None:
        for unit in units:
            unit.outcome = None
            try:
                await self._attempt(gather([unit]))
            except OverflowError as fault:
                unit.fault = fault
                unit.outcome = Outcome.UNFIT
            except Exception as fault:  # noqa: BLE001 - told to the unit's owner, who logs it
                unit.fault = fault
                unit.outcome = Outcome.FAILED

    def _write(self, batch: Batch) -> None:
        batch.apply(self._check(batch.guards()))
        for (op, table, changed), rows in batch.grouped().items():
            if table is LINKS:
                self._fences.forget(rows)
            elif op is Op.INSERT and table in self._late:
                self._late[table].note(rows)
            elif "chained" in table.info and op is Op.INSERT:
                rows = self._linked(table, rows)  # noqa: PLW2901 - the same rows, with their links
            converted = statements.convert_rows(rows, self._conversions(op, table, changed))
            for chunk in chunks(converted):
                self._connection.execute(
                    self._text(statements.write_statement, (op, table, changed), chunk), flat(chunk)
                )

    def _linked(self, table: Table, rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        """The rows of an append-only table after the ends of their chains, which move on in the same transaction."""
        ends = {}
        for tenant in {row[0] for row in rows}:
            found = self._connection.execute(chaining.FIND_SQLITE, (tenant, table.name)).fetchone()
            ends[tenant] = chaining.End(*found) if found else chaining.End()
        linked = self._chains.linked(table, rows, ends)
        for tenant, end in ends.items():
            proof = self._chains.proof(tenant, table.name, end)
            self._connection.execute(chaining.KEEP_SQLITE, (tenant, table.name, *end, proof))
        return linked

    def _check(self, guards: Guards) -> Guards:
        """Those of the guards that fail."""
        failed = Guards()
        if guards.fences:
            failed.fences = self._fences.failed(guards.fences)
        for table, rows in guards.versions.items():
            failed.versions[table] = self._matching(statements.stale_statement, (table,), rows)
        for (table, columns), rows in guards.absences.items():
            failed.absences[table, columns] = self._matching(statements.present_statement, (table, columns), rows)
        return failed

    def _matching(self, make: Callable[..., str], about: tuple[Any, ...], rows: set[tuple[Any, ...]]) -> set[Any]:
        found: set[Any] = set()
        for chunk in chunks(list(rows)):
            found.update(self._connection.execute(self._text(make, about, chunk), flat(chunk)))
        return found

    def _text(self, make: Callable[..., str], about: tuple[Any, ...], chunk: Sequence[Any]) -> str:
        """The statement for so many rows; a handful of sizes, so that SQLite keeps them prepared."""
        key = (make, about, len(chunk))
        known = self._texts.get(key)
        if known is None:
            known = self._texts[key] = make(*about, statements.Sqlite(len(chunk)))
        return known

    def _conversions(self, op: Op, table: Table, changed: tuple[str, ...]) -> list[tuple[int, statements.Convert]]:
        known = self._converters.get((op, table, changed))
        if known is None:
            names = statements.columns_of(op, table, changed)
            known = self._converters[op, table, changed] = statements.converters(table, names, "sqlite")
        return known

    def _checkpoints(self) -> None:
        """Move the log into the database from a second connection, so that no commit waits for it."""
        log = self._path.with_name(self._path.name + "-wal")
        connection = self._connect()
        while not self._stopped.wait(1.0):
            if log.exists() and log.stat().st_size > _CHECKPOINT_BYTES:
                mode = "PASSIVE" if log.stat().st_size < 16 * _CHECKPOINT_BYTES else "RESTART"
                connection.execute(f"PRAGMA wal_checkpoint({mode})").fetchall()
        connection.close()


def chunks(rows: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """The rows in pieces of the sizes that statements are made for."""
    start = 0
    for size in _SIZES:
        while len(rows) - start >= size:
            yield rows[start : start + size]
            start += size


def flat(rows: Sequence[Any]) -> list[Any]:
    """All values, row by row."""
    return [value for row in rows for value in row]
