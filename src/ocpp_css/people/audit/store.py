"""The table of the audit log and its queries."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import BigInteger, Column, ColumnElement, Text, func, or_, select, type_coerce

from ocpp_css.kit.clock import to_micros
from ocpp_css.kit.ids import first_id_at, parse_public
from ocpp_css.kit.paging import Cursor
from ocpp_css.people.audit.model import Entry, Question
from ocpp_css.storage import NUMBER, PROVIDER, Database, Document, Unit, UtcTime, chained, personal, tenant_table
from ocpp_css.storage.chains import OWN, End
from ocpp_css.storage.sealing import NOBODY
from ocpp_css.storage.unit import Op

NUMBER_OR_NAME = "what was acted on: a number, or the name that the operator gave a thing of theirs"
CHANGES = "values of the operator's things; of people only which ones changed"

AUDIT = chained(
    tenant_table(
        "audit",
        Column("id", BigInteger),
        Column("at", UtcTime, nullable=False),
        Column("actor_kind", Text, nullable=False),
        Column("actor_id", BigInteger, nullable=False, info=personal("account", clear=NUMBER)),
        Column("actor_name", Text, nullable=False, info=personal("name", of="person_id")),
        Column("action", Text, nullable=False),
        Column("subject_kind", Text, nullable=False),
        Column("subject", Text, nullable=False, info=personal("reference", clear=NUMBER_OR_NAME)),
        Column("before", Document, info=personal("changed values", clear=CHANGES)),
        Column("after", Document, info=personal("changed values", clear=CHANGES)),
        Column("address", Text, nullable=False, info=personal("network address", of="person_id")),
        Column("reason", Text, info=personal("free text", of="person_id")),
        Column("person_id", BigInteger, info=personal("account", clear=NUMBER)),
        key=("id",),
        indexes=[("action", "id"), ("subject", "id"), ("actor_id", "id")],
    )
)


def add(unit: Unit, account: int, entry: Entry) -> None:
    """Append an entry to an account's log.

    What the service keeps of people and accounts is changed in a unit of the service itself; its trace belongs into the
    log of the account concerned, and into the same transaction. No other unit may write into another tenant.
    """
    if unit.tenant not in {PROVIDER, account}:
        msg = "a unit of one account cannot write into the log of another"
        raise ValueError(msg)
    row = {"tenant_id": account, **msgspec.structs.asdict(entry)}
    row["person_id"] = entry.actor_id if entry.actor_kind == "user" else NOBODY
    unit.is_personal = True
    unit.writes.append((Op.INSERT, AUDIT, (), tuple(row.get(name) for name in AUDIT.c.keys())))  # noqa: SIM118


async def page(unit: Unit, question: Question, after: Cursor | None, limit: int) -> list[Entry]:
    """Entries, the newest first; one more than `limit`, so that the caller knows whether there are more."""
    query = select(AUDIT).where(*_conditions(question)).order_by(AUDIT.c.id.desc()).limit(limit + 1)
    if after is not None:
        query = query.where(AUDIT.c.id < after.id)
    return [_entry(row) for row in await unit.all(query)]


async def actors(unit: Unit, most: int) -> list[Entry]:
    """One entry of each who is in the log, the newest of theirs."""
    newest = select(func.max(AUDIT.c.id).label("id")).group_by(AUDIT.c.actor_id).order_by(func.max(AUDIT.c.id).desc())
    numbers = [row.id for row in await unit.all(newest.limit(most))]
    return [_entry(row) for row in await unit.all(select(AUDIT).where(AUDIT.c.id.in_(numbers)))]


async def has_entry(unit: Unit, actor_id: int, action: str, subject: str, since: datetime) -> bool:
    """Whether this actor did this to this since then."""
    first = first_id_at(to_micros(since) // 1000)
    query = select(AUDIT.c.id).where(AUDIT.c.actor_id == actor_id, AUDIT.c.id >= first)
    return await unit.first(query.where(AUDIT.c.action == action, AUDIT.c.subject == subject)) is not None


async def done_by(unit: Unit, actor_id: int, actions: Collection[str], since: datetime) -> list[Entry]:
    """What of these this actor did since then, in the order it was done."""
    first = first_id_at(to_micros(since) // 1000)
    query = select(AUDIT).where(AUDIT.c.actor_id == actor_id, AUDIT.c.id >= first, AUDIT.c.action.in_(actions))
    return [_entry(row) for row in await unit.all(query.order_by(AUDIT.c.id))]


class Stored(NamedTuple):
    """A row of the log as the database keeps it: what its digest is made of, and what the chain says of it."""

    id: int
    values: tuple[Any, ...]
    number: int
    digest: str
    link: str


async def stretch(unit: Unit, after: int, limit: int) -> list[Stored]:
    """Rows of the chain after this number, in its order."""
    query = select(*_raw()).where(AUDIT.c.number > after).order_by(AUDIT.c.number).limit(limit)
    return [_stored(tuple(row)) for row in await unit.all(query)]


async def outside(unit: Unit) -> list[int]:
    """Rows that are in no chain: nobody but a stranger to the service could have made them."""
    return [row.id for row in await unit.all(select(AUDIT.c.id).where(AUDIT.c.number.is_(None)).limit(100))]


def _raw() -> list[ColumnElement[Any]]:
    """The columns as they stand: documents as their text, and nothing opened."""
    as_text = [isinstance(column.type, Document) or "of" in column.info for column in AUDIT.c]
    return [type_coerce(column, Text) if is_text else column for column, is_text in zip(AUDIT.c, as_text, strict=True)]


def _stored(row: tuple[Any, ...]) -> Stored:
    values = tuple(to_micros(value) if isinstance(value, datetime) else value for value in row[: -len(OWN)])
    number, digest, link = row[-len(OWN) :]
    return Stored(values[1], values, number, digest or "", link or "")


async def accounts(db: Database) -> list[int]:
    """The accounts that have entries: for the one who looks at the whole installation."""
    return [row.tenant_id for row in await db.across_tenants(select(AUDIT.c.tenant_id).distinct())]


async def last_before(unit: Unit, moment: datetime) -> End | None:
    """The newest entry that is older than this, as a place in the chain; entries before it are older as well."""
    first = select(func.min(AUDIT.c.number)).where(AUDIT.c.at >= moment)
    kept = (await unit.all(first))[0][0]
    query = select(AUDIT.c.number, AUDIT.c.link).where(AUDIT.c.at < moment, AUDIT.c.number.is_not(None))
    if kept is not None:
        query = query.where(AUDIT.c.number < kept)
    row = await unit.first(query.order_by(AUDIT.c.number.desc()))
    return None if row is None else End(row.number, row.link)


async def unlinked(unit: Unit, limit: int) -> list[Entry]:
    """Entries that are in no chain yet, in the order they were made."""
    query = select(AUDIT).where(AUDIT.c.number.is_(None)).order_by(AUDIT.c.id).limit(limit)
    return [_entry(row) for row in await unit.all(query)]


async def up_to(unit: Unit, number: int, limit: int) -> list[int]:
    """Entries of the chain up to this number."""
    query = select(AUDIT.c.id).where(AUDIT.c.number <= number).order_by(AUDIT.c.number).limit(limit)
    return [row.id for row in await unit.all(query)]


def remove(unit: Unit, entry_id: int) -> None:
    """Take an entry out; the database lets go of those that were pruned only."""
    unit.delete(AUDIT, (entry_id,))


def _conditions(question: Question) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if question.search:
        columns = (AUDIT.c.action, AUDIT.c.subject)
        texts = [column.icontains(question.search, autoescape=True) for column in columns]
        found.append(or_(*texts, AUDIT.c.actor_id.in_(question.actors)))
    if question.actor:
        found.append(AUDIT.c.actor_id.in_([*question.actors, parse_public(question.actor) or -1]))
    if question.actor_kind:
        found.append(AUDIT.c.actor_kind == question.actor_kind)
    if question.action:
        found.append(AUDIT.c.action == question.action)
    if question.subject:
        found.append(AUDIT.c.subject == question.subject)
    if question.since:
        found.append(AUDIT.c.at >= question.since)
    if question.until:
        found.append(AUDIT.c.at < question.until)
    return found


def _entry(row: Sequence[Any]) -> Entry:
    fields = row._mapping  # type: ignore[attr-defined]  # noqa: SLF001 - SQLAlchemy's public name for it
    found = {name: fields[name] for name in Entry.__struct_fields__}
    return Entry(**{**found, "reason": found["reason"] or ""})
