"""The database: hands out units, reads for them, commits them in groups, tells what happened."""

import asyncio
import itertools
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import structlog
from sqlalchemy import Row, Table, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from ocpp_css.bus import Bus, Message
from ocpp_css.kit.clock import Clock, rfc3339
from ocpp_css.kit.errors import Invalid, Unavailable
from ocpp_css.kit.ids import Ids
from ocpp_css.observe.measures import Commits
from ocpp_css.storage import sealing
from ocpp_css.storage.blocks import Blocks
from ocpp_css.storage.caches import Caches
from ocpp_css.storage.chains import Chains
from ocpp_css.storage.parting import part
from ocpp_css.storage.policies import EVERY, TENANTS
from ocpp_css.storage.postgres import AWAY, PostgresWriter
from ocpp_css.storage.scopes import AnySelect
from ocpp_css.storage.sqlite import SqliteWriter
from ocpp_css.storage.unit import Op, Outcome, Unit
from ocpp_css.storage.writing import Writer

_log = structlog.get_logger(__name__)

_COMMITTED = Outcome.COMMITTED
MAX_BATCH = 1_000
CONGESTED_ROWS = 50_000
CONGESTED_S = 2.0
LATER_S = 10.0
AWAY_S = 0.5
_WHOSE = f"SELECT set_config('{TENANTS}', $1, false), set_config('{EVERY}', $2, false)"
"""Says whose rows the next statement of the connection may see (`policies`)."""
_UNFIT = (UnicodeEncodeError, OverflowError)
_UNFIT_STATES = {"22000", "22003", "22008", "22021"}


class Database:
    """One database, embedded or shared; opened by `open_database`."""

    def __init__(self, url: str, bus: Bus, clock: Clock, vault: sealing.Vault, node: int = 0) -> None:
        self.url = url
        self.bus = bus
        self.clock = clock
        self.node = node
        self.vault = vault
        self.chains = Chains(vault.secrets)
        self.ids = Ids(node)
        self.caches = Caches()
        self.blocks = Blocks(self)
        self._engine = _engine(url)
        self._waiting: deque[Unit] = deque()
        self._later: dict[tuple[Table, tuple[Any, ...]], tuple[Any, ...]] = {}
        self._sealing: set[asyncio.Task[None]] = set()
        self._oldest = 0.0
        self.is_crowded = False
        """As many units wait as a commit can take, or more: only then may the database be full or congested."""
        self.on_room: Callable[[], None] = lambda: None
        """Called when a commit begins, and `is_full` may have changed."""
        self._loop = asyncio.get_running_loop()
        self._writer = self._new_writer()
        self._writer.start()
        self._flusher = self._loop.create_task(self._flush_regularly(), name="flush-later-rows")
        self._unsubscribe = bus.subscribe("forget.*", self._forget)

    @property
    def is_embedded(self) -> bool:
        """SQLite: this process is the only one."""
        return self.url.startswith("sqlite")

    def unit(self, tenant: int, now: Any = None) -> Unit:
        """A new unit of work of this tenant."""
        return Unit(self, tenant, now or self.clock())

    async def read(self, query: AnySelect, tenant: int | None, *, is_patient: bool = False) -> Sequence[Row[Any]]:
        """Rows of a query that carries its scope already; areas read through their unit. None is every tenant.

        A handler may be stepped without a task (SPEED 1), but the database's driver wants one. Unavailable where the
        database is away; who is patient waits for it.
        """
        if asyncio.current_task() is None:
            return await self._loop.create_task(self._read(query, tenant, is_patient=is_patient))
        return await self._read(query, tenant, is_patient=is_patient)

    async def _read(self, query: AnySelect, tenant: int | None, *, is_patient: bool) -> Sequence[Row[Any]]:
        for turn in itertools.count():
            try:
                return await self._read_once(query, tenant)
            except _UNFIT as fault:
                raise _unfit() from fault
            except (DBAPIError, PoolTimeout, OSError) as fault:
                is_stale = isinstance(fault, DBAPIError) and fault.connection_invalidated
                if isinstance(fault, DBAPIError) and _is_unfit(fault):
                    raise _unfit() from fault
                if isinstance(fault, DBAPIError) and not _is_away(fault):
                    raise
                if not is_patient and not (is_stale and turn == 0):
                    raise Unavailable("The database does not answer. Try again shortly.") from fault
            await asyncio.sleep(min(turn, 1) * AWAY_S)
        raise AssertionError

    async def _read_once(self, query: AnySelect, tenant: int | None) -> Sequence[Row[Any]]:
        async with self._engine.connect() as connection:
            if not self.is_embedded:
                await _admit(connection, ("", "on") if tenant is None else (str(tenant), "off"))
            rows: Sequence[Row[Any]] = (await connection.execute(query)).all()
            return rows

    async def across_tenants(self, query: AnySelect) -> Sequence[Row[Any]]:
        """Rows of all tenants: for what comes before a tenant is known, and nothing else (a test lists the callers)."""
        return await self.read_opened(query.execution_options(every_tenant=True), None)

    async def read_opened(
        self, query: AnySelect, tenant: int | None, *, is_patient: bool = False
    ) -> Sequence[Row[Any]]:
        """Rows of a query, with what is sealed of people opened."""
        columns = sealing.sealed_columns(query) if sealing.is_personal(query) else ()
        rows = await self.read(query, tenant, is_patient=is_patient)
        return await sealing.opened(columns, rows, self) if columns and rows else rows

    async def ping(self) -> None:
        """Raise when the database does not answer."""
        async with self._engine.connect() as connection:
            await connection.execute(text("SELECT 1"))

    # --- writing ------------------------------------------------------------------------------------------------

    def submit(self, unit: Unit) -> None:
        """Queue a unit for the next commit; its `done` is called on the loop."""
        if unit.is_personal:
            task = self._loop.create_task(self._seal(unit), name="seal")
            self._sealing.add(task)
            task.add_done_callback(self._sealing.discard)
            return
        waiting = self._waiting
        waiting.append(unit)
        count = len(waiting)
        self.is_crowded = count >= MAX_BATCH
        if count == 1:
            self._oldest = time.monotonic()
            self._writer.wake(1)
        elif count >= self._writer.enough:
            self._writer.wake(count)

    async def _seal(self, unit: Unit) -> None:
        """Seal what the unit holds of people, then queue it; without their keys nothing is stored."""
        try:
            await sealing.close(unit, self)
        except Exception as fault:  # noqa: BLE001 - told to the unit's owner, who logs it
            unit.fault, unit.outcome = fault, Outcome.FAILED
            self._release([unit])
            return
        unit.is_personal = False
        self.submit(unit)

    def hasten(self) -> None:
        """Few write in this process, and each waits for its own commit: people, not stations."""
        self._writer.interval_s = Writer.interval_s

    @property
    def commits(self) -> Commits:
        """What the writer did since the start."""
        return self._writer.commits

    @property
    def backlog(self) -> int:
        """Units that wait for a commit."""
        return len(self._waiting)

    @property
    def oldest_wait_s(self) -> float:
        """For how long the writer has not taken up what waits; 0 when nothing does."""
        return time.monotonic() - self._oldest if self._waiting else 0.0

    @property
    def later_rows(self) -> int:
        """Rows that are written within ten seconds."""
        return len(self._later)

    @property
    def is_congested(self) -> bool:
        """The writer is so far behind that stations should not be read (SPEED 3.5).

        While the database is away each station waits by itself, with one message in work, and the others are read on.
        """
        waiting = len(self._waiting)
        is_slow = not self._writer.is_away and time.monotonic() - self._oldest > CONGESTED_S
        return waiting > CONGESTED_ROWS or (waiting > MAX_BATCH and is_slow)

    @property
    def is_full(self) -> bool:
        """The next commit has all it can take: a request that waits as it came needs a third of the memory."""
        return len(self._waiting) >= MAX_BATCH and not self._writer.is_away

    def later(self, table: Table, key: tuple[Any, ...], values: tuple[Any, ...]) -> None:
        """Write this row within ten seconds, or a newer one of the same key: for figures that can be derived anew.

        `key` begins with the tenant; the table's columns are the key and then `values`, in this order.
        """
        self._later[table, key] = key + values

    def late_rows(self, table: Table, tenant: int, owner: int) -> Sequence[int] | None:
        """The numbers of an owner's rows that may be missing in the late index; None where there is a real one."""
        return self._writer.late(table, tenant, owner) if isinstance(self._writer, SqliteWriter) else None

    async def flush(self) -> None:
        """Write what was said to be written later; what cannot be stored now waits for the next time."""
        rows, self._later = self._later, {}
        pending = list(rows.items())
        for start in range(0, len(pending), MAX_BATCH):
            chunk = pending[start : start + MAX_BATCH]
            outcome = await self._flush(chunk)
            if outcome is Outcome.UNFIT:
                for row in chunk:
                    await self._flush([row])
            elif outcome is Outcome.FAILED:
                self._later = {**dict(chunk), **self._later}

    async def _flush(self, rows: Sequence[tuple[tuple[Table, Any], tuple[Any, ...]]]) -> Outcome | None:
        unit = self.unit(0)
        unit.is_plain = False
        unit.writes = [(Op.UPSERT, table, (), values) for (table, _), values in rows]
        return await unit.ended()

    async def close(self) -> None:
        """Commit what waits and let go."""
        self._unsubscribe()
        self._flusher.cancel()
        await asyncio.gather(self._flusher, return_exceptions=True)
        await asyncio.gather(*self._sealing)
        await self.blocks.close()
        await self.flush()
        await self._writer.stop()
        await part(self._engine.dispose())
        await self.vault.people.close()

    def _new_writer(self) -> Writer:
        if self.is_embedded:
            return SqliteWriter(Path(self.url.removeprefix("sqlite:///")), self._take, self._release, self.chains)
        return PostgresWriter(self.url, self._take, self._release, self.chains)

    def _take(self) -> list[Unit]:
        waiting = self._waiting
        taken = [waiting.popleft() for _ in range(min(len(waiting), MAX_BATCH))]
        self.is_crowded = len(waiting) >= MAX_BATCH
        self._oldest = time.monotonic()
        self._loop.call_soon(self.on_room)
        return taken

    def _release(self, units: list[Unit]) -> None:
        for unit in units:
            if unit.outcome is _COMMITTED:
                self._remember(unit)
                if unit.facts is not None or unit.live is not None or unit.dropped is not None:
                    self._publish(unit)
            else:
                self._refused(unit)
            done, unit.done = unit.done, None  # else the two would hold each other until the garbage is looked for
            if done is not None:
                done(unit)

    def _refused(self, unit: Unit) -> None:
        self.commits.refused[unit.outcome.value if unit.outcome is not None else "failed"] += 1
        if unit.outcome in {Outcome.FAILED, Outcome.UNFIT}:
            _log.error("unit not stored", tenant=unit.tenant, station=unit.station, exc_info=unit.fault)

    async def _flush_regularly(self) -> None:
        while True:
            await asyncio.sleep(LATER_S)
            await self.flush()

    # --- telling ------------------------------------------------------------------------------------------------

    def _remember(self, unit: Unit) -> None:
        """What memory holds follows what is stored now."""
        if unit.kept is not None:
            for key, station, value in unit.kept:
                if unit.memory is not None and station == unit.station:
                    unit.memory[key.name] = value
                else:
                    self.bus.publish(f"changed.{unit.tenant}", {"station": station, "state": key.name})
        if unit.later_rows is not None:
            for table, full, row in unit.later_rows:
                self._later[table, full] = row

    def _publish(self, unit: Unit) -> None:
        for cache, item in unit.dropped or ():
            self.bus.publish(f"forget.{unit.tenant}", {"cache": cache.name, "item": item})
        for topic, message in unit.live or ():
            self.bus.publish(topic, message)
        for number, fact in unit.facts or ():
            self.bus.publish(f"facts.{unit.tenant}", fact_message(number, unit, fact))

    def _forget(self, topic: str, message: Message) -> None:
        self.caches.forget(message["cache"], int(topic.split(".")[1]), message["item"])

    async def renew(self) -> None:
        """Others may have told of changes that were not heard here: forget what is remembered."""
        self.caches.clear()


def fact_message(number: int, unit: Unit, fact: Any) -> Message:
    """A fact as it travels: id, time, kind, station and its own members."""
    body: Mapping[str, Any] = msgspec.to_builtins(fact)
    return {"id": number, "at": rfc3339(unit.now), "kind": fact.kind, "station_id": fact.station_id, "body": body}


async def _admit(connection: AsyncConnection, whose: tuple[str, str]) -> None:
    """Say whose rows the connection may see, if it does not know yet; while it is told, it is known of none."""
    if connection.info.get(_WHOSE) != whose:
        connection.info.pop(_WHOSE, None)
        await connection.exec_driver_sql(_WHOSE, whose)
        connection.info[_WHOSE] = whose


def _is_unfit(fault: DBAPIError) -> bool:
    """A value of the query is none that the database could hold: a NUL in a text, a moment before its first."""
    return getattr(fault.orig, "sqlstate", None) in _UNFIT_STATES


def _unfit() -> Invalid:
    return Invalid("A value is outside of what can be stored.")


def _is_away(fault: DBAPIError) -> bool:
    """The database is not there, as opposed to a query that it refuses."""
    cause = fault.orig.__cause__ if fault.orig is not None else None
    return fault.connection_invalidated or isinstance(cause, AWAY)


def _engine(url: str) -> AsyncEngine:
    if not url.startswith("sqlite"):
        address = url.replace("postgresql://", "postgresql+asyncpg://", 1)
        given = {"timeout": 5, "command_timeout": 30, "server_settings": {"default_transaction_read_only": "on"}}
        return create_async_engine(
            address, pool_size=10, max_overflow=0, connect_args=given, isolation_level="AUTOCOMMIT"
        )
    engine = create_async_engine(url.replace("sqlite:///", "sqlite+aiosqlite:///", 1), pool_size=4, max_overflow=0)

    @event.listens_for(engine.sync_engine, "connect")
    def _read_only(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA query_only=1")
        cursor.execute("PRAGMA cache_size=-1024")
        cursor.close()

    return engine
