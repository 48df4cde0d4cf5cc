"""Set-wise statements: one text per (operation, table, columns), many rows per execution.

SQLite takes rows of parameters in one statement, PostgreSQL one array per column (SPEED 1).
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import BigInteger, Boolean, Column, Float, Integer, Table, Text

from ocpp_css.kit.clock import to_micros
from ocpp_css.storage.schema import Document, UtcTime
from ocpp_css.storage.unit import Op

Convert = Callable[[Any], Any]


def key_of(table: Table) -> tuple[str, ...]:
    """The primary key, tenant first."""
    key: tuple[str, ...] = table.info["key"]
    return key


@cache
def columns_of(op: Op, table: Table, changed: tuple[str, ...]) -> tuple[str, ...]:
    """The columns that the values of a write belong to."""
    if op is Op.DELETE:
        return key_of(table)
    if op is Op.UPDATE:
        return (*key_of(table), *changed)
    return tuple(table.c.keys())


def _document(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def converters(table: Table, names: Sequence[str], dialect: str) -> list[tuple[int, Convert]]:
    """(position, conversion) for the columns whose Python value is not what the driver takes."""
    found: list[tuple[int, Convert]] = []
    for position, name in enumerate(names):
        kind = table.c[name].type
        if isinstance(kind, UtcTime) and dialect == "sqlite":
            found.append((position, to_micros))
        elif isinstance(kind, Document):
            found.append((position, _document))
    return found


def convert_rows(rows: Sequence[tuple[Any, ...]], conversions: Sequence[tuple[int, Convert]]) -> Sequence[Any]:
    """The rows as the driver takes them."""
    if not conversions:
        return rows
    converted = []
    for row in rows:
        values = list(row)
        for position, convert in conversions:
            value = values[position]
            if value is not None:
                values[position] = convert(value)
        converted.append(values)
    return converted


class Sqlite(NamedTuple):
    """SQLite: so many rows of parameters, one after the other."""

    rows: int

    def source(self, columns: Sequence[Column[Any]]) -> tuple[str, list[str]]:
        """The FROM clause that yields the given rows, and the expression of each column in it."""
        return f"({self.values(len(columns))}) AS given", [f"given.column{n + 1}" for n in range(len(columns))]

    def values(self, width: int) -> str:
        """The rows themselves."""
        row = f"({', '.join('?' * width)})"
        return f"VALUES {', '.join([row] * self.rows)}"


class Postgres(NamedTuple):
    """PostgreSQL: one array a column, whatever the number of rows."""

    def source(self, columns: Sequence[Column[Any]]) -> tuple[str, list[str]]:
        """The FROM clause that yields the given rows, and the expression of each column in it."""
        arrays = ", ".join(f"${n + 1}::{postgres_type(column)}[]" for n, column in enumerate(columns))
        names = ", ".join(f"c{n}" for n in range(len(columns)))
        return f"unnest({arrays}) AS given({names})", [f"given.c{n}" for n in range(len(columns))]


Dialect = Sqlite | Postgres


def postgres_type(column: Column[Any]) -> str:
    """The element type of a column's array parameter."""
    kinds: list[tuple[type[Any], str]] = [
        (UtcTime, "timestamptz"), (Document, "text"), (Boolean, "boolean"), (BigInteger, "bigint"),
        (Integer, "integer"), (Float, "float8"), (Text, "text"),
    ]  # fmt: skip
    return next(name for kind, name in kinds if isinstance(column.type, kind))


def quoted(name: str) -> str:
    """A column's name in quotes: some are words of SQL."""
    return f'"{name}"'


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(quoted, names))


def _equal(one: str, other: str) -> str:
    return f"{one} = {other}"


def write_statement(op: Op, table: Table, changed: tuple[str, ...], dialect: Dialect) -> str:
    """The text that performs one operation on many rows."""
    names = columns_of(op, table, changed)
    source, values = dialect.source([table.c[name] for name in names])
    key = key_of(table)
    if op is Op.UPDATE:
        matches = " AND ".join(map(_equal, (f"{table.name}.{quoted(name)}" for name in key), values))
        assigned = ", ".join(map(_equal, map(quoted, changed), values[len(key) :]))
        return f"UPDATE {table.name} SET {assigned} FROM {source} WHERE {matches}"  # noqa: S608
    given = f"SELECT {', '.join(values)} FROM {source}"  # noqa: S608
    if op is Op.DELETE:
        return f"DELETE FROM {table.name} WHERE ({_listed(key)}) IN ({given})"  # noqa: S608
    text = f"INSERT INTO {table.name} ({_listed(names)}) "
    text += dialect.values(len(names)) if isinstance(dialect, Sqlite) else given
    if op is Op.UPSERT:
        rest = [quoted(name) for name in names if name not in key]
        action = "UPDATE SET " + ", ".join(f"{name} = excluded.{name}" for name in rest) if rest else "NOTHING"
        text += f" ON CONFLICT ({_listed(key)}) DO {action}"
    return text


def stale_statement(table: Table, dialect: Dialect) -> str:
    """Finds the given (key…, version) whose row has another version or is gone; PostgreSQL locks in key order."""
    key = key_of(table)
    source, values = dialect.source([*(table.c[name] for name in key), table.c.version])
    matches = " AND ".join(f"t.{quoted(name)} = {value}" for name, value in zip(key, values, strict=False))
    if isinstance(dialect, Sqlite):
        return (
            f"SELECT {', '.join(values)} FROM {source} LEFT JOIN {table.name} t ON {matches} "  # noqa: S608
            f"WHERE t.version IS NOT {values[-1]}"
        )
    order = ", ".join(f"t.{quoted(name)}" for name in key)
    return (
        f"WITH given AS MATERIALIZED (SELECT * FROM {source}), held AS MATERIALIZED ("  # noqa: S608
        f"SELECT {order}, t.version FROM {table.name} t JOIN given ON {matches} ORDER BY {order} FOR UPDATE OF t) "
        f"SELECT {', '.join(values)} FROM given LEFT JOIN held t ON {matches} "
        f"WHERE t.version IS DISTINCT FROM {values[-1]}"
    )


def present_statement(table: Table, columns: tuple[str, ...], dialect: Dialect) -> str:
    """Finds the given unique keys that stand in the table already."""
    source, values = dialect.source([table.c[name] for name in columns])
    matches = " AND ".join(f"t.{quoted(name)} = {value}" for name, value in zip(columns, values, strict=True))
    return f"SELECT {', '.join(values)} FROM {source} JOIN {table.name} t ON {matches}"  # noqa: S608


FENCE_COLUMNS = ("tenant_id", "station_id", "version")


def fenced_statement(table: Table, dialect: Postgres) -> str:
    """Finds the given (tenant, station, fence) that are no longer the newest, and holds the rows shared; SQLite's only
    writer remembers them (`fences`).
    """
    source, values = dialect.source([table.c[name] for name in FENCE_COLUMNS])
    matches = f"t.tenant_id = {values[0]} AND t.station_id = {values[1]}"
    return (
        f"WITH given AS MATERIALIZED (SELECT * FROM {source}), held AS MATERIALIZED ("  # noqa: S608
        f"SELECT t.tenant_id, t.station_id, t.version FROM {table.name} t JOIN given ON {matches} "
        f"ORDER BY t.tenant_id, t.station_id FOR SHARE OF t) "
        f"SELECT {', '.join(values)} FROM given LEFT JOIN held t ON {matches} "
        f"WHERE t.version IS DISTINCT FROM {values[2]}"
    )
