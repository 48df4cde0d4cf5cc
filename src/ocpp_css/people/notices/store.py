"""The tables of notices, letters and choices, and their queries; all rows belong to the service itself."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Boolean, Column, Integer, Row, Text, select

from ocpp_css.kit.paging import Cursor
from ocpp_css.people.notices.model import Category, Letter, Notice, Shown
from ocpp_css.storage import MOMENT, NUMBER, Document, Unit, UtcTime, personal, tenant_table, version_column

NOTICES = tenant_table(
    "notices",
    Column("notice_id", BigInteger),
    Column("user_id", BigInteger, nullable=False, info=personal("account", clear=NUMBER)),
    Column("notice", Document, nullable=False, info=personal("notice", of="user_id")),
    Column("at", UtcTime, nullable=False),
    Column("read_at", UtcTime, info=personal("activity", clear=MOMENT)),
    version_column(),
    key=("notice_id",),
    indexes=[("user_id", "notice_id")],
)

LETTERS = tenant_table(
    "letters",
    Column("letter_id", BigInteger),
    Column("user_id", BigInteger, nullable=False, info=personal("account", clear=NUMBER)),
    Column("address", Text, nullable=False, info=personal("contact", of="user_id")),
    Column("name", Text, nullable=False, info=personal("name", of="user_id")),
    Column("category", Text, nullable=False),
    Column("language", Text, nullable=False, info=personal("preference", of="user_id")),
    Column("time_zone", Text, nullable=False, info=personal("preference", of="user_id")),
    Column("sealed", Text, nullable=False, info=personal("notice", of="user_id")),
    Column("state", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("next_at", UtcTime, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("sent_at", UtcTime),
    Column("answer", Text, nullable=False),
    version_column(),
    key=("letter_id",),
    indexes=[("state", "next_at"), ("user_id", "letter_id")],
)
"""The queue of letters, and for a while what became of each."""

CHOICES = tenant_table(
    "notice_choices",
    Column("user_id", BigInteger, info=personal("account", clear=NUMBER)),
    Column("category", Text),
    Column("by_mail", Boolean, nullable=False, info=personal("preference", clear=MOMENT)),
    key=("user_id", "category"),
)


def add_notice(unit: Unit, user_id: int, notice: Notice) -> int:
    """A new notice; its number."""
    number = unit.new_id()
    unit.insert(NOTICES, notice_id=number, user_id=user_id, notice=msgspec.to_builtins(notice), at=unit.now)
    return number


async def notices(unit: Unit, user_id: int, after: Cursor | None, limit: int) -> list[Shown]:
    """The notices of a person, the newest first; one more than `limit`."""
    query = select(NOTICES).where(NOTICES.c.user_id == user_id).order_by(NOTICES.c.notice_id.desc())
    if after is not None:
        query = query.where(NOTICES.c.notice_id < after.id)
    return [_shown(row) for row in await unit.all(query.limit(limit + 1))]


async def unread(unit: Unit, user_id: int, limit: int) -> list[Shown]:
    """The notices of a person that were not read, the newest first."""
    query = select(NOTICES).where(NOTICES.c.user_id == user_id, NOTICES.c.read_at.is_(None))
    return [_shown(row) for row in await unit.all(query.order_by(NOTICES.c.notice_id.desc()).limit(limit))]


async def one(unit: Unit, user_id: int, notice_id: int) -> Shown | None:
    """One notice of a person."""
    row = await unit.first(select(NOTICES).where(NOTICES.c.user_id == user_id, NOTICES.c.notice_id == notice_id))
    return None if row is None else _shown(row)


def mark_read(unit: Unit, shown: Shown) -> None:
    """The person has seen it; two who say so at once say the same."""
    unit.update(NOTICES, (shown.notice_id,), read_at=unit.now)


def _shown(row: Row[Any]) -> Shown:
    notice = msgspec.convert(row.notice, Notice)
    return Shown(notice_id=row.notice_id, notice=notice, at=row.at, read_at=row.read_at, version=row.version)


def add_letter(unit: Unit, letter: Letter) -> None:
    """A new letter."""
    unit.insert(LETTERS, **msgspec.structs.asdict(letter))


def change_letter(unit: Unit, letter: Letter, **changes: Any) -> None:
    """Change columns of a letter seen at this version."""
    unit.update(LETTERS, (letter.letter_id,), seen=letter.version, **changes)


async def due(unit: Unit, limit: int) -> list[Letter]:
    """Letters that should go out now, the longest waiting first."""
    query = select(LETTERS).where(LETTERS.c.state == "waiting", LETTERS.c.next_at <= unit.now)
    return [_letter(row) for row in await unit.all(query.order_by(LETTERS.c.next_at).limit(limit))]


async def letters_of(unit: Unit, user_id: int, limit: int) -> list[Letter]:
    """The newest letters to a person."""
    query = select(LETTERS).where(LETTERS.c.user_id == user_id)
    return [_letter(row) for row in await unit.all(query.order_by(LETTERS.c.letter_id.desc()).limit(limit))]


async def letter(unit: Unit, letter_id: int) -> Letter | None:
    """One letter."""
    row = await unit.first(select(LETTERS).where(LETTERS.c.letter_id == letter_id))
    return None if row is None else _letter(row)


async def letters_before(unit: Unit, moment: datetime, limit: int) -> Sequence[int]:
    """Letters that are over and were written before this moment."""
    query = select(LETTERS.c.letter_id).where(LETTERS.c.state != "waiting", LETTERS.c.created_at < moment)
    return [row.letter_id for row in await unit.all(query.limit(limit))]


def remove_letter(unit: Unit, letter_id: int) -> None:
    """Take a letter out."""
    unit.delete(LETTERS, (letter_id,))


async def choices(unit: Unit, user_id: int) -> dict[str, bool]:
    """What a person chose, by category."""
    rows = await unit.all(select(CHOICES).where(CHOICES.c.user_id == user_id))
    return {row.category: row.by_mail for row in rows}


def choose(unit: Unit, user_id: int, category: Category, *, by_mail: bool) -> None:
    """Keep a choice."""
    unit.upsert(CHOICES, user_id=user_id, category=category, by_mail=by_mail)


def _letter(row: Row[Any]) -> Letter:
    fields = row._mapping  # noqa: SLF001 - SQLAlchemy's public name for it
    return Letter(**{name: fields[name] for name in Letter.__struct_fields__})
