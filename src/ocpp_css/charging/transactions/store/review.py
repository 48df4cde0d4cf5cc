"""What waits for a person to decide."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Column, Row, Text, func, select

from ocpp_css.kit.paging import Cursor
from ocpp_css.storage import NUMBER, Document, Unit, UtcTime, personal, tenant_table, version_column

REVIEW = tenant_table(
    "review",
    Column("id", BigInteger),
    Column("station_id", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("transaction_id", BigInteger),
    Column("subject", Text),
    Column("detail", Document, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("settled_at", UtcTime),
    Column("settled_by", Text, info=personal("name", of="person_id")),
    Column("outcome", Text),
    Column("reason", Text, info=personal("free text", of="person_id")),
    Column("person_id", BigInteger, info=personal("account", clear=NUMBER)),
    version_column(),
    key=("id",),
    indexes=[("settled_at",), ("station_id",)],
)

MOST_ALIKE = 100
"""So many entries about one subject are compared with a new one."""


def open_entry(unit: Unit, station_id: int, kind: str, detail: dict[str, Any], **about: Any) -> int:
    """A new entry; its number. `about`: transaction_id, subject."""
    number = unit.new_id()
    unit.insert(
        REVIEW, id=number, station_id=station_id, kind=kind, detail=detail, created_at=unit.now, version=1, **about
    )
    return number


async def stands(unit: Unit, station_id: int, kind: str, subject: str, detail: dict[str, Any]) -> bool:
    """Whether such an entry was made before, settled or not: memory of it ends with the connection."""
    about = (REVIEW.c.station_id == station_id, REVIEW.c.kind == kind, REVIEW.c.subject == subject)
    told = msgspec.json.decode(msgspec.json.encode(detail))
    return any(row.detail == told for row in await unit.all(select(REVIEW.c.detail).where(*about).limit(MOST_ALIKE)))


async def read(unit: Unit, number: int) -> Row[Any] | None:
    """One entry."""
    return await unit.first(select(REVIEW).where(REVIEW.c.id == number))


async def page(
    unit: Unit, *, is_settled: bool | None, station_id: int | None, after: Cursor | None, limit: int
) -> Sequence[Row[Any]]:
    """Entries, the newest first; one more than `limit`."""
    query = select(REVIEW).order_by(REVIEW.c.id.desc()).limit(limit + 1)
    if is_settled is not None:
        query = query.where(REVIEW.c.settled_at.is_not(None) if is_settled else REVIEW.c.settled_at.is_(None))
    if station_id is not None:
        query = query.where(REVIEW.c.station_id == station_id)
    if after is not None:
        query = query.where(REVIEW.c.id < after.id)
    return await unit.all(query)


async def count_open(unit: Unit) -> int:
    """How many entries nobody has settled."""
    query = select(func.count().label("number")).select_from(REVIEW).where(REVIEW.c.settled_at.is_(None))
    return int((await unit.all(query))[0].number)


def answered(unit: Unit, number: int, reason: str) -> None:
    """Close an entry that nobody has settled, since what it asked was told meanwhile."""
    unit.update(REVIEW, (number,), seen=1, settled_at=unit.now, outcome="dismissed", reason=reason, person_id=None)


def settle(unit: Unit, entry: Row[Any], **outcome: Any) -> None:
    """Close an entry seen at its version."""
    unit.update(REVIEW, (entry.id,), seen=entry.version, settled_at=unit.now, **outcome)
