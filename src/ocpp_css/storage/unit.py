"""The unit of work: it reads a snapshot and records rows and facts; the writer commits it with others."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from datetime import datetime
from enum import Enum, IntEnum
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar

from sqlalchemy import ColumnElement, Row, Table

from ocpp_css.kit.errors import Conflict, Invalid, Unavailable
from ocpp_css.storage.scopes import AnySelect, of_each, scoped

if TYPE_CHECKING:
    from ocpp_css.storage.database import Database
    from ocpp_css.storage.sealing import Vault

V = TypeVar("V")
K = TypeVar("K", bound=Hashable)


class Outcome(Enum):
    """How the writer ended a unit."""

    COMMITTED = "committed"
    STALE = "stale"
    """A row had another version than the unit saw."""
    DUPLICATE = "duplicate"
    """A key the unit wanted absent was there."""
    FENCED = "fenced"
    """A newer connection owns the station."""
    UNFIT = "unfit"
    """A value is none that the database can hold; the same unit would fail again."""
    FAILED = "failed"


class Op(IntEnum):
    """What one recorded write does; in this order they are done."""

    __hash__ = int.__hash__  # that of enumerations is a call of Python, twice for each row

    DELETE = 0
    INSERT = 1
    UPSERT = 2
    UPDATE = 3


_INSERT = Op.INSERT


class Fact(Protocol):
    """Something that happened, told to other areas and systems (an area's `events.py`)."""

    kind: ClassVar[str]

    @property
    def station_id(self) -> int | None:
        """The station it is about."""
        ...


class StateKey(Generic[V]):
    """What an area keeps in memory of each connected station (RULES 3.3).

    `load` reads the values of many stations of one tenant in one query; a station that is missing
    in the answer gets `empty()`.
    """

    __slots__ = ("empty", "load", "name")

    def __init__(
        self, name: str, load: "Callable[[Unit, Sequence[int]], Awaitable[Mapping[int, V]]]", empty: Callable[[], V]
    ) -> None:
        self.name = name
        self.load = load
        self.empty = empty


class CacheKey(Generic[K, V]):
    """Rows of a tenant that are read often and change seldom, kept in memory by their key.

    With `load_many` misses that come together are one query; what is missing in its answer is None.
    """

    __slots__ = ("load", "load_many", "name", "size")

    def __init__(
        self,
        name: str,
        load: "Callable[[Unit, K], Awaitable[V]]",
        load_many: "Callable[[Unit, Sequence[K]], Awaitable[Mapping[K, V]]] | None" = None,
        *,
        size: int = 100_000,
    ) -> None:
        self.name = name
        self.load = load
        self.load_many = load_many
        self.size = size


Write = tuple[Op, Table, tuple[str, ...], tuple[Any, ...]]
"""Operation, table, the columns that change (UPDATE only), values: see `Unit`."""


Later = tuple[Table, tuple[Any, ...], tuple[Any, ...]]
"""Table, primary key, values in the table's order; key and values begin with the tenant."""


class Unit:
    """One message's or one request's reads and writes, within one tenant.

    The tenant is added to every read and every row here, by construction: a neighbour's row is simply not found.
    """

    __slots__ = (
        "_db", "absences", "done", "dropped", "facts", "fault", "fence", "is_patient", "is_personal", "is_plain",
        "kept", "later_rows", "live", "memory", "now", "outcome", "retry", "station", "tenant", "versions", "writes",
    )  # fmt: skip

    def __init__(self, db: "Database", tenant: int, now: datetime) -> None:
        """`is_plain`: it only adds rows, wants nothing absent, and touches no row that another may touch.
        `is_personal`: it holds values that are sealed with people's keys before they are written.
        `is_patient`: waits for a database that is away, as the units of stations do; others fail.
        """
        self._db = db
        self.tenant = tenant
        self.now = now
        self.writes: list[Write] = []
        self.versions: list[tuple[Table, tuple[Any, ...], int]] | None = None
        self.absences: list[tuple[Table, tuple[str, ...], tuple[Any, ...]]] | None = None
        self.facts: list[tuple[int, Fact]] | None = None
        self.live: list[tuple[str, Any]] | None = None
        self.kept: list[tuple[StateKey[Any], int, Any]] | None = None
        self.dropped: list[tuple[CacheKey[Any, Any], Any]] | None = None
        self.later_rows: list[Later] | None = None
        self.memory: dict[str, Any] | None = None
        self.station = self.fence = 0
        self.retry = self.is_personal = self.is_patient = False
        self.is_plain = True
        self.outcome: Outcome | None = None
        self.fault: Exception | None = None
        self.done: Callable[[Unit], None] | None = None

    def new_id(self) -> int:
        """A number that sorts by time and was never given before."""
        return self._db.ids.next()

    @property
    def vault(self) -> "Vault":
        """What seals, opens and marks the values of people."""
        return self._db.vault

    def mark(self, kind: str, value: str) -> str:
        """The keyed hash by which a whole value of this kind is found again."""
        return self.vault.mark(kind, value)

    # --- writes -------------------------------------------------------------------------------------------------

    def insert(self, table: Table, **row: Any) -> None:
        """Add a row; missing columns are null."""
        self.writes.append((Op.INSERT, table, (), self._row(table, row)))

    def insert_values(self, table: Table, values: tuple[Any, ...]) -> None:
        """Add a row whose values stand in the table's order, the tenant left out: the hot path's insert."""
        self.writes.append((_INSERT, table, (), (self.tenant, *values)))

    def upsert(self, table: Table, **row: Any) -> None:
        """Add a row or overwrite the one of the same primary key, whole."""
        self.is_plain = False
        self.writes.append((Op.UPSERT, table, (), self._row(table, row)))

    def update(self, table: Table, key: Sequence[Any], *, seen: int | None = None, **changes: Any) -> None:
        """Change columns of the row with this key (the tenant left out).

        With `seen` the row must still have that version, else the unit ends STALE; the version then grows by one.
        """
        self.is_plain = False
        full = (self.tenant, *key)
        if holds_sealed(table, changes):
            self.is_personal = True
            _check_owners(table, changes)
        if seen is not None:
            changes["version"] = seen + 1
            self._guard(table, full, seen)
        columns = tuple(sorted(changes))
        self.writes.append((Op.UPDATE, table, columns, (*full, *(changes[name] for name in columns))))

    def delete(self, table: Table, key: Sequence[Any], *, seen: int | None = None) -> None:
        """Remove the row with this key (the tenant left out), if it is there; with `seen` only at that version."""
        self.is_plain = False
        full = (self.tenant, *key)
        if seen is not None:
            self._guard(table, full, seen)
        self.writes.append((Op.DELETE, table, (), full))

    def _guard(self, table: Table, full: tuple[Any, ...], seen: int) -> None:
        self.versions = self.versions or []
        self.versions.append((table, full, seen))

    def require_absent(self, table: Table, **key: Any) -> None:
        """Let the unit end DUPLICATE when a row with this unique key stands already."""
        self.is_plain = False
        columns = ("tenant_id", *key)
        self.absences = self.absences or []
        self.absences.append((table, columns, (self.tenant, *key.values())))

    def later(self, table: Table, key: tuple[Any, ...], values: tuple[Any, ...]) -> None:
        """Write this row, or a newer one of its key, within ten seconds of the commit: for what can be derived anew.

        The table's columns are the tenant, the key and then `values`, in this order.
        """
        full = (self.tenant, *key)
        row = (table, full, full + values)
        if self.later_rows is None:
            self.later_rows = [row]
        else:
            self.later_rows.append(row)

    async def number(self, counter: str) -> int:
        """The next number of a counter of this tenant, 1 and up; numbers of a lost process are skipped."""
        return await self._db.blocks.next(self.tenant, counter)

    def is_watched(self, topic: str) -> bool:
        """Whether `tell` on this topic may reach anybody."""
        return self._db.bus.is_watched(topic)

    def _row(self, table: Table, row: dict[str, Any]) -> tuple[Any, ...]:
        row["tenant_id"] = self.tenant
        self.is_personal = self.is_personal or holds_sealed(table, row)
        if "version" in table.c:
            row.setdefault("version", 1)
        values = tuple(row.pop(name, None) for name in table.c.keys())  # noqa: SIM118
        if row:
            msg = f"{table.name} has no column {', '.join(row)}"
            raise TypeError(msg)
        return values

    # --- facts and memory ---------------------------------------------------------------------------------------

    def emit(self, fact: Fact) -> None:
        """Record a fact beside the rows; it is told once the unit is committed."""
        self.facts = self.facts or []
        self.facts.append((self.new_id(), fact))

    def tell(self, topic: str, message: Any) -> None:
        """Tell whoever watches `topic` now, after the commit; nothing is kept."""
        self.live = self.live or []
        self.live.append((topic, message))

    def held(self, key: StateKey[V]) -> V | None:
        """What memory holds of the unit's own station, where the unit has kept nothing itself; None: ask `state`."""
        memory = self.memory
        return None if memory is None or self.kept is not None else memory.get(key.name)

    async def state(self, key: StateKey[V], station: int) -> V:
        """What `key` holds of a station: from memory on the station's own path, by a query elsewhere."""
        if self.memory is not None and station == self.station:
            if self.kept is not None:
                for kept, owner, value in reversed(self.kept):
                    if kept is key and owner == station:
                        return value  # type: ignore[no-any-return]
            if key.name not in self.memory:
                loaded = await key.load(self, [station])
                self.memory[key.name] = loaded[station] if station in loaded else key.empty()
            return self.memory[key.name]  # type: ignore[no-any-return]
        found = await key.load(self, [station])
        return found[station] if station in found else key.empty()

    def keep(self, key: StateKey[V], station: int, value: V) -> None:
        """Write through: memory changes when, and only when, the unit is committed."""
        if self.kept is None:
            self.kept = [(key, station, value)]
        else:
            self.kept.append((key, station, value))

    async def cached(self, key: CacheKey[K, V], item: K) -> V:
        """What `key` holds for `item`, from this process's memory where it is there."""
        return await self._db.caches.get(self, key, item)

    def drop(self, key: CacheKey[K, Any], item: K) -> None:
        """Forget `item` in every process once the unit is committed."""
        self.dropped = self.dropped or []
        self.dropped.append((key, item))

    @property
    def waits(self) -> bool:
        """Whether a database that is away is waited for: a station is read no further then, and loses nothing."""
        return self.is_patient or self.fence > 0

    # --- reads --------------------------------------------------------------------------------------------------

    async def all(self, query: AnySelect) -> Sequence[Row[Any]]:
        """The rows of this tenant."""
        return await self._db.read_opened(scoped(query, self.tenant), self.tenant, is_patient=self.waits)

    async def of_each(self, part: AnySelect, owner: ColumnElement[int], owners: Sequence[int]) -> Sequence[Row[Any]]:
        """The rows that `part` has for each of the owners (see `scopes.of_each`)."""
        query = of_each(part, self.tenant, owner, owners, is_embedded=self._db.is_embedded)
        return [row for row in await self._db.read(query, self.tenant, is_patient=self.waits) if row.id is not None]

    def late_rows(self, table: Table, owner: int) -> Sequence[int] | None:
        """The numbers of an owner's rows that may be missing in the late index; None where there is a real one."""
        return self._db.late_rows(table, self.tenant, owner)

    async def first(self, query: AnySelect) -> Row[Any] | None:
        """The first row of this tenant, or None."""
        rows = await self.all(query.limit(1))
        return rows[0] if rows else None

    # --- the end ------------------------------------------------------------------------------------------------

    @property
    def is_empty(self) -> bool:
        """Nothing to commit."""
        return (
            not self.writes
            and not self.facts
            and not self.live
            and not self.dropped
            and not self.kept
            and not self.later_rows
        )

    def submit(self, done: "Callable[[Unit], None]") -> None:
        """Hand the unit to the writer; `done` is called on the loop with `outcome` set."""
        self.done = done
        self._db.submit(self)

    async def ended(self) -> Outcome | None:
        """Hand the unit to the writer and wait; its outcome, whatever it is."""
        ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.submit(lambda _unit: None if ended.done() else ended.set_result(None))
        await ended
        return self.outcome

    async def commit(self) -> None:
        """Wait until the unit is durable; raises Conflict when somebody was faster, Unavailable when storage failed,
        Invalid when a value cannot be stored.

        What is recorded afterwards is another commit's.
        """
        if self.is_empty:
            return
        match await self.ended():
            case Outcome.COMMITTED:
                self._begin_anew()
            case Outcome.UNFIT:
                raise Invalid("A value is outside of what can be stored; nothing was changed.")
            case Outcome.FAILED:
                raise Unavailable("The change could not be stored; nothing was changed. Try again shortly.")
            case _:
                raise Conflict("Somebody else changed this at the same moment. Look again and repeat your change.")

    def _begin_anew(self) -> None:
        self.writes = []
        self.versions = self.absences = self.facts = self.live = self.kept = self.dropped = self.later_rows = None
        self.outcome = None
        self.is_plain = True
        self.is_personal = False


def _check_owners(table: Table, changes: Mapping[str, Any]) -> None:
    """TypeError where a change leaves open with whose key it is sealed."""
    for name, owner in table.info["sealed"].items():
        if changes.get(name) and owner not in changes and owner not in table.info["key"]:
            msg = f"{table.name}.{name} is sealed: write {owner} with it"
            raise TypeError(msg)


def holds_sealed(table: Table, row: Mapping[str, Any]) -> bool:
    """Whether a row has values that are sealed with a person's key."""
    sealed: Mapping[str, str] | None = table.info.get("sealed")
    return sealed is not None and any(row.get(name) for name in sealed)
