"""Personal values are sealed as they are written and opened as they are read, by construction: a column says whose they
are (`personal("contact", of="user_id")`), and no area does anything about it (decision 55).
"""

import asyncio
import hmac
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy import Column, Row, Table
from sqlalchemy.sql import visitors

from ocpp_css.kit.sealing import Seal, SealBroken
from ocpp_css.kit.secrets import Secrets
from ocpp_css.storage.people_keys import PeopleKeys
from ocpp_css.storage.schema import PROVIDER, Document
from ocpp_css.storage.scopes import AnySelect
from ocpp_css.storage.statements import columns_of
from ocpp_css.storage.unit import CacheKey, Op, Unit, Write

if TYPE_CHECKING:
    from ocpp_css.storage.database import Database

MARK: Final = "sealed:1:"
"""What every sealed value begins with."""
NOBODY: Final = 0
"""The owner of what belongs to nobody who has an account: sealed for the installation, not for a person."""


class Vault:
    """What a database needs to seal and open, and to find whole values by their keyed hash."""

    def __init__(self, people: PeopleKeys, secrets: Secrets) -> None:
        self.people = people
        self.secrets = secrets
        self._nobody = Seal(secrets.key("people without an account"))
        self._key = secrets.key("look-ups")

    def mark(self, kind: str, value: str) -> str:
        """What finds a value of this kind again, and only the whole one; letter case and blanks around it apart."""
        folded = f"{kind}\0{value.strip().casefold()}"
        return hmac.digest(self._key, folded.encode("utf-8", "surrogatepass"), "sha256").hex()[:32]

    async def seals(self, db: "Database", people: Iterable[int], *, make: bool) -> dict[int, Seal | None]:
        """The seal of each of these people; None for who has no key (any more)."""
        wanted = sorted(set(people) - {NOBODY})
        own = db.unit(PROVIDER)
        seals = await asyncio.gather(*(own.cached(SEALS, person) for person in wanted))
        found = dict(zip(wanted, seals, strict=True))
        missing = [person for person, seal in found.items() if seal is None]
        if make and missing:
            found |= await self.people.make(missing)
            for person in missing:
                db.caches.forget(SEALS.name, PROVIDER, person)
        return {NOBODY: self._nobody, **found}


async def _load(unit: Unit, person: int) -> Seal | None:
    return (await _load_many(unit, [person])).get(person)


async def _load_many(unit: Unit, people: Sequence[int]) -> Mapping[int, Seal | None]:
    return await unit.vault.people.load(people)


SEALS: CacheKey[int, Seal | None] = CacheKey("people_keys", _load, _load_many)
"""The keys of people in this process's memory; `unit.drop(SEALS, person)` of a unit of the service forgets one."""


# --- writing --------------------------------------------------------------------------------------------------------


async def close(unit: Unit, db: "Database") -> None:
    """Seal what the unit's writes hold of people, with keys that are made where somebody has none yet."""
    people = {person for write in unit.writes for person in _owners(write)}
    seals = await db.vault.seals(db, people, make=True)
    unit.writes[:] = [_closed(write, seals) for write in unit.writes]


def _owners(write: Write) -> Iterable[int]:
    op, table, changed, values = write
    if op is Op.DELETE or "sealed" not in table.info:
        return
    row = dict(zip(columns_of(op, table, changed), values, strict=True))
    for column, owner in table.info["sealed"].items():
        if _wants_seal(row.get(column)):
            yield row[owner] or NOBODY


def _wants_seal(value: Any) -> bool:
    return value is not None and value != ""


def _closed(write: Write, seals: Mapping[int, Seal | None]) -> Write:
    op, table, changed, values = write
    if op is Op.DELETE or "sealed" not in table.info:
        return write
    names = columns_of(op, table, changed)
    row = dict(zip(names, values, strict=True))
    for column, owner in table.info["sealed"].items():
        if _wants_seal(row.get(column)):
            seal = seals[row[owner] or NOBODY]
            row[column] = _nothing(table.c[column]) if seal is None else _sealed(seal, table, column, row[column])
    return op, table, changed, tuple(row[name] for name in names)


def _sealed(seal: Seal, table: Table, column: str, value: Any) -> str:
    return MARK + seal.close(msgspec.json.encode(value), f"{table.name}.{column}")


def _nothing(column: Column[Any]) -> str | None:
    """What stands for a value of somebody whose key was destroyed."""
    return None if column.nullable or isinstance(column.type, Document) else ""


# --- reading --------------------------------------------------------------------------------------------------------


class Opened:
    """A row whose personal values were opened: its columns are attributes, as those of other rows are."""

    __slots__ = ("_mapping",)

    def __init__(self, mapping: dict[str, Any]) -> None:
        self._mapping = mapping

    def __getattr__(self, name: str) -> Any:
        try:
            return self._mapping[name]
        except KeyError:
            raise AttributeError(name) from None

    def __repr__(self) -> str:
        return f"Opened({self._mapping!r})"

    def __getitem__(self, place: int) -> Any:
        return list(self._mapping.values())[place]

    def __iter__(self) -> Any:
        return iter(self._mapping.values())

    def __len__(self) -> int:
        return len(self._mapping)


def is_personal(query: AnySelect) -> bool:
    """Whether a query reads tables in which something is sealed."""
    parts = query._raw_columns  # noqa: SLF001 - the public way looks at the whole query
    return any("sealed" in getattr(part.table if isinstance(part, Column) else part, "info", ()) for part in parts)


def sealed_columns(query: Any) -> list[Column[Any]]:
    """The sealed columns that a query reads; TypeError where it compares or sorts by one, or leaves the owner out."""
    columns = [one for one in query.selected_columns if isinstance(one, Column)]
    found = [one for one in columns if "of" in one.info]
    for part in (query.whereclause, *query._order_by_clauses):  # noqa: SLF001 - there is no public way to the order
        for one in visitors.iterate(part) if part is not None else ():
            if isinstance(one, Column) and "of" in one.info:
                msg = f"{one.table.name}.{one.name} is sealed: it can be neither compared nor sorted by"
                raise TypeError(msg)
    for one in found:
        if not any(owner.table is one.table and owner.name == one.info["of"] for owner in columns):
            msg = f"{one.table.name}.{one.name} is sealed: read {one.info['of']} with it"
            raise TypeError(msg)
    return found


async def opened(columns: Sequence[Column[Any]], rows: Sequence[Row[Any]], db: "Database") -> Sequence[Any]:
    """The rows with these columns opened; what is not sealed yet is given as it is."""
    whose = {row._mapping[one.info["of"]] or NOBODY for row in rows for one in columns}  # noqa: SLF001 - SQLAlchemy's public name for it
    seals = await db.vault.seals(db, whose, make=False)
    return [Opened(_open_row(columns, row, seals)) for row in rows]


def _open_row(columns: Sequence[Column[Any]], row: Row[Any], seals: Mapping[int, Seal | None]) -> dict[str, Any]:
    found = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
    for one in columns:
        value = found[one.name]
        if isinstance(value, str) and value.startswith(MARK):
            found[one.name] = _open(one, value, seals.get(found[one.info["of"]] or NOBODY))
    return found


def _open(column: Column[Any], value: str, seal: Seal | None) -> Any:
    """The value; nothing where its key was destroyed, or it was sealed for another place."""
    if seal is None:
        return _nothing(column)
    try:
        return msgspec.json.decode(seal.open(value.removeprefix(MARK), f"{column.table.name}.{column.name}"))
    except SealBroken:
        return _nothing(column)
