"""Who belongs to which account; rows of the service itself."""

import msgspec
from sqlalchemy import BigInteger, Column, Text, select

from ocpp_css.people.access.model import Membership
from ocpp_css.storage import CacheKey, Unit, UtcTime, personal, tenant_table, version_column

MEMBERSHIPS = tenant_table(
    "memberships",
    Column("user_id", BigInteger, info=personal("account")),
    Column("account_id", BigInteger),
    Column("role", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    version_column(),
    key=("user_id", "account_id"),
    indexes=[("account_id",)],
)


async def load_of(unit: Unit, user_id: int) -> tuple[Membership, ...]:
    """The memberships of a person, the oldest first."""
    query = select(MEMBERSHIPS).where(MEMBERSHIPS.c.user_id == user_id)
    rows = await unit.all(query.order_by(MEMBERSHIPS.c.created_at, MEMBERSHIPS.c.account_id))
    return tuple(Membership(**{name: row._mapping[name] for name in Membership.__struct_fields__}) for row in rows)  # noqa: SLF001 - SQLAlchemy's public name for it


BY_USER: CacheKey[int, tuple[Membership, ...]] = CacheKey("memberships", load_of)


def add(unit: Unit, membership: Membership) -> None:
    """A new membership."""
    unit.require_absent(MEMBERSHIPS, user_id=membership.user_id, account_id=membership.account_id)
    unit.insert(MEMBERSHIPS, **msgspec.structs.asdict(membership))
    unit.drop(BY_USER, membership.user_id)
