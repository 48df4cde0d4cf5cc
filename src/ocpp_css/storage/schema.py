"""How tables are declared: every one carries the tenant, every personal column says so."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Column, DateTime, Index, Integer, MetaData, PrimaryKeyConstraint, Table, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

from ocpp_css.kit.clock import from_micros, to_micros

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

PROVIDER = 0
"""The tenant that is the service itself: people, sessions, nodes, counters."""

STATION_NUMBER = BigInteger().with_variant(Integer(), "sqlite")
"""An integer that a station sends: OCPP names no largest, and every integer of SQLite has 64 bits."""


class UtcTime(TypeDecorator[datetime]):
    """Aware UTC datetimes: timestamptz on PostgreSQL, microseconds since 1970 on SQLite."""

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(DateTime(timezone=True))
        return dialect.type_descriptor(BigInteger())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None or dialect.name == "postgresql":
            return value
        return to_micros(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if dialect.name == "postgresql":
            moment: datetime = value
            # asyncpg takes the first and the last moment for infinities and gives them back without a zone.
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        return from_micros(value)


class Document(TypeDecorator[Any]):
    """A JSON value kept as text, the same on both databases."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else msgspec.json.encode(value).decode()

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:  # noqa: ARG002
        return None if value is None else msgspec.json.decode(value)


def tenant_table(
    name: str, *columns: Column[Any], key: Sequence[str], unique: Sequence[Sequence[str]] = (), **options: Any
) -> Table:
    """A table whose first column is `tenant_id` and whose primary key is (tenant_id, *key).

    `unique` lists further keys, each within the tenant; `indexes` (sequences of column names) likewise.
    """
    indexes = options.pop("indexes", ())
    for column in columns:
        column.nullable = column.nullable and column.name not in key
    tenant = Column("tenant_id", BigInteger, autoincrement=False, nullable=False)
    table = Table(name, METADATA, tenant, *columns, PrimaryKeyConstraint("tenant_id", *key), **options)
    table.info["key"] = ("tenant_id", *key)
    if sealed := {column.name: column.info["of"] for column in columns if "of" in column.info}:
        table.info["sealed"] = sealed
    for parts in unique:
        Index(f"uq_{name}_{'_'.join(parts)}", table.c.tenant_id, *(table.c[part] for part in parts), unique=True)
    for parts in indexes:
        Index(f"ix_{name}_{'_'.join(parts)}", table.c.tenant_id, *(table.c[part] for part in parts))
    return table


def late_index(table: Table, owner: str, number: str) -> Table:
    """The table that finds the rows of an owner in order, on SQLite, where an index of its own would cost as much as
    the rows (decision 12); PostgreSQL has an index, and leaves this table empty.
    """
    columns = (Column(owner, BigInteger), Column(number, BigInteger))
    companion = tenant_table(f"{table.name}_late", *columns, key=(owner, number), sqlite_with_rowid=False)
    table.info["late"] = companion
    parts = (table.c.tenant_id, table.c[owner], table.c[number])
    Index(f"ix_{table.name}_{owner}_{number}", *parts, info={"only": "postgresql"}).ddl_if(dialect="postgresql")
    return companion


NUMBER = "a number, which names nobody without the sealed columns"
MOMENT = "a moment or a choice, of which nobody can tell whose it was without the sealed columns"
SEALED_BY_AREA = "sealed for the installation by its area, and gone within days"
HASH = "a hash of a random secret, or a keyed one: it finds the whole value and nothing else"
OF_STATION = "of a station, whose owner is the operator; no person here has a key for it"
OF_DRIVER = "of a driver without an account: looked up at each charge; removing the one row ends every reference to it"
REFERENCE = "a reference that means nothing once the pseudonym's row is removed"
"""Why personal columns of some kinds need not be sealed."""


def personal(category: str, *, of: str = "", clear: str = "", marks: tuple[str, str] | None = None) -> dict[str, Any]:
    """Marks a column that holds a person's data, and says how it is kept.

    `of` is the column of the same table that says whose it is: values are sealed with that person's key, and cannot be
    compared or sorted by. `clear` says why a value is not sealed. `marks` names the column of which this is the keyed
    hash, and the kind that it was made for (`unit.mark`).
    """
    kept = {"of": of, "clear": clear, "marks": marks}
    return {"personal": category, **{name: value for name, value in kept.items() if value}}


def version_column() -> Column[int]:
    """Counts the changes of a row; guards name the count they saw (RULES 3.2)."""
    return Column("version", Integer, nullable=False, default=1)
