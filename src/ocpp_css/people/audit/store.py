"""The table of the audit log and its queries."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Column, ColumnElement, Text, or_, select

from ocpp_css.kit.ids import parse_public
from ocpp_css.kit.paging import Cursor
from ocpp_css.people.audit.model import Entry, Question
from ocpp_css.storage import PROVIDER, Document, Unit, UtcTime, personal, tenant_table
from ocpp_css.storage.unit import Op

AUDIT = tenant_table(
    "audit",
    Column("id", BigInteger),
    Column("at", UtcTime, nullable=False),
    Column("actor_kind", Text, nullable=False),
    Column("actor_id", BigInteger, nullable=False, info=personal("account")),
    Column("actor_name", Text, nullable=False, info=personal("name")),
    Column("action", Text, nullable=False),
    Column("subject_kind", Text, nullable=False),
    Column("subject", Text, nullable=False, info=personal("reference")),
    Column("before", Document, info=personal("changed values")),
    Column("after", Document, info=personal("changed values")),
    Column("address", Text, nullable=False, info=personal("network address")),
    key=("id",),
    indexes=[("action", "id"), ("subject", "id"), ("actor_id", "id")],
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
    unit.writes.append((Op.INSERT, AUDIT, (), tuple(row[name] for name in AUDIT.c.keys())))  # noqa: SIM118


async def page(unit: Unit, question: Question, after: Cursor | None, limit: int) -> list[Entry]:
    """Entries, the newest first; one more than `limit`, so that the caller knows whether there are more."""
    query = select(AUDIT).where(*_conditions(question)).order_by(AUDIT.c.id.desc()).limit(limit + 1)
    if after is not None:
        query = query.where(AUDIT.c.id < after.id)
    return [_entry(row) for row in await unit.all(query)]


def _conditions(question: Question) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if question.search:
        columns = (AUDIT.c.actor_name, AUDIT.c.action, AUDIT.c.subject)
        found.append(or_(*(column.icontains(question.search, autoescape=True) for column in columns)))
    if question.actor:
        found.append(
            or_(AUDIT.c.actor_name == question.actor, AUDIT.c.actor_id == (parse_public(question.actor) or -1))
        )
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
    return Entry(**{name: fields[name] for name in Entry.__struct_fields__})
