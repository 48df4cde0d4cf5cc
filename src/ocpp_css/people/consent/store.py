"""The table of agreements and its queries; rows of the service itself."""

import msgspec
from sqlalchemy import BigInteger, Column, Text, select

from ocpp_css.people.consent.model import Agreement
from ocpp_css.storage import NUMBER, Unit, UtcTime, personal, tenant_table

AGREEMENTS = tenant_table(
    "agreements",
    Column("user_id", BigInteger, info=personal("account", clear=NUMBER)),
    Column("document", Text),
    Column("version", Text),
    Column("text_hash", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("address", Text, nullable=False, info=personal("network address", of="user_id")),
    key=("user_id", "document", "version"),
)


def keep(unit: Unit, agreement: Agreement) -> None:
    """Keep an agreement; a later one to the same text takes its place."""
    unit.upsert(AGREEMENTS, **msgspec.structs.asdict(agreement))


async def of_user(unit: Unit, user_id: int) -> list[Agreement]:
    """The agreements of a person, the oldest first."""
    query = select(AGREEMENTS).where(AGREEMENTS.c.user_id == user_id).order_by(AGREEMENTS.c.at)
    return [
        Agreement(**{name: row._mapping[name] for name in Agreement.__struct_fields__})  # noqa: SLF001 - SQLAlchemy's public name for it
        for row in await unit.all(query)
    ]
