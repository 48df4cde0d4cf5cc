"""What an older version of the program wrote in the clear is sealed once, at the first start of this one."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Table, select, tuple_

from ocpp_css.kit.errors import Conflict
from ocpp_css.storage.schema import METADATA, PROVIDER
from ocpp_css.storage.sealing import MARK
from ocpp_css.storage.statements import key_of
from ocpp_css.storage.tables import COUNTERS
from ocpp_css.storage.unit import Op, Unit

if TYPE_CHECKING:
    from ocpp_css.storage.database import Database

AT_ONCE = 500
NAME = "people sealed"
"""The counter that stands when all is done."""


async def catch_up(db: "Database") -> int:
    """Seal what stands in the clear; how many rows there were. A start that was broken off is taken up by the next, and
    of several processes at once each batch is one's.
    """
    count = 0
    if await _is_done(db):
        return count
    for table in _tables():
        after: Sequence[Any] | None = None
        while rows := await _read(db, table, after=after):
            count += await _seal(db, table, rows)
            after = _key(table, rows[-1])
    unit = db.unit(PROVIDER)
    unit.require_absent(COUNTERS, name=NAME)
    unit.insert(COUNTERS, name=NAME, value=1, version=1)
    await unit.ended()
    return count


async def _is_done(db: "Database") -> bool:
    return await db.unit(PROVIDER).first(select(COUNTERS.c.value).where(COUNTERS.c.name == NAME)) is not None


def _tables() -> Iterator[Table]:
    """Chains are not changed: the audit log takes its old entries in by itself."""
    return (table for table in METADATA.sorted_tables if "sealed" in table.info and "chained" not in table.info)


async def _read(
    db: "Database", table: Table, *, after: Sequence[Any] | None = None, among: Sequence[Any] = ()
) -> Sequence[dict[str, Any]]:
    """Rows of all accounts as they stand, in the order of their keys: the next ones, or some of them again."""
    key: list[ColumnElement[Any]] = [table.c[name] for name in key_of(table)]
    query = select(table).order_by(*key).limit(AT_ONCE)
    if after is not None:
        query = query.where(tuple_(*key) > tuple_(*after))
    if among:
        query = query.where(tuple_(*key).in_(among))
    return [dict(row._mapping) for row in await db.read(query.execution_options(every_tenant=True), None)]  # noqa: SLF001 - SQLAlchemy's public name for it


async def _seal(db: "Database", table: Table, rows: Sequence[dict[str, Any]]) -> int:
    """Write rows anew; read again where somebody was faster, nothing once all is done."""
    while True:
        unit = db.unit(PROVIDER)
        unit.require_absent(COUNTERS, name=NAME)
        for row in rows:
            if changes := _changes(unit, table, row):
                _record(unit, table, row, changes)
        written = len(unit.writes)
        try:
            await unit.commit()
        except Conflict:
            if await _is_done(db):
                return 0
            rows = await _read(db, table, among=[_key(table, row) for row in rows])
            continue
        return written


def _key(table: Table, row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in key_of(table))


def _changes(unit: Unit, table: Table, row: dict[str, Any]) -> dict[str, Any]:
    """Values that stand in the clear, and the keyed hashes of what is sealed now."""
    found = {name: row[name] for name in table.info["sealed"] if _is_clear(row[name])}
    for column in table.c:
        source, kind = column.info.get("marks", ("", ""))
        if source in found:
            found[column.name] = unit.mark(kind, row[source])
    return found


def _is_clear(value: Any) -> bool:
    return bool(value) and not value.startswith(MARK) if isinstance(value, str) else value is not None


def _record(unit: Unit, table: Table, row: dict[str, Any], changes: dict[str, Any]) -> None:
    """The write carries the owner's column, and the version where there is one, so that nobody's change is lost."""
    changes |= {owner: row[owner] for owner in table.info["sealed"].values() if owner not in key_of(table)}
    key = _key(table, row)
    if "version" in table.c:
        unit.versions = unit.versions or []
        unit.versions.append((table, key, row["version"]))
        changes["version"] = row["version"] + 1
    columns = tuple(sorted(changes))
    unit.is_personal = True
    unit.writes.append((Op.UPDATE, table, columns, (*key, *(changes[name] for name in columns))))
