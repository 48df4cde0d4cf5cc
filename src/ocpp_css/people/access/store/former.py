"""What proved a person before it was changed, as long as somebody may still say that it was not them."""

from datetime import datetime

import msgspec
from sqlalchemy import BigInteger, Column, Text, select

from ocpp_css.people.access.model import Proofs
from ocpp_css.storage import MOMENT, NUMBER, Unit, UtcTime, personal, tenant_table

FORMER = tenant_table(
    "former_proofs",
    Column("former_id", BigInteger),
    Column("user_id", BigInteger, nullable=False, info=personal("account", clear=NUMBER)),
    Column("at", UtcTime, nullable=False, info=personal("activity", clear=MOMENT)),
    Column("proofs", Text, nullable=False, info=personal("credential", of="user_id")),
    key=("former_id",),
    indexes=[("user_id", "at"), ("at",)],
)


def add(unit: Unit, user_id: int, proofs: Proofs) -> None:
    """Keep how it is now."""
    unit.insert(
        FORMER, former_id=unit.new_id(), user_id=user_id, at=unit.now, proofs=msgspec.json.encode(proofs).decode()
    )


async def first_since(unit: Unit, user_id: int, since: datetime) -> tuple[datetime, Proofs] | None:
    """How it was before the first change since this moment, and when that was; None where nothing was changed."""
    query = select(FORMER).where(FORMER.c.user_id == user_id, FORMER.c.at >= since)
    row = await unit.first(query.order_by(FORMER.c.former_id))
    return None if row is None else (row.at, msgspec.json.decode(row.proofs, type=Proofs))


async def forget_since(unit: Unit, user_id: int, since: datetime) -> None:
    """What was before changes since this moment is of no use any more."""
    query = select(FORMER.c.former_id).where(FORMER.c.user_id == user_id, FORMER.c.at >= since)
    for row in await unit.all(query):
        remove(unit, row.former_id)


async def before(unit: Unit, moment: datetime, limit: int) -> list[int]:
    """Rows of changes before this moment."""
    return [
        row.former_id for row in await unit.all(select(FORMER.c.former_id).where(FORMER.c.at < moment).limit(limit))
    ]


def remove(unit: Unit, former_id: int) -> None:
    """Take one out."""
    unit.delete(FORMER, (former_id,))
