"""Who belongs to which account; rows of the service itself."""

from typing import Any

import msgspec
from sqlalchemy import BigInteger, Column, Row, Text, select

from ocpp_css.people.access.model import Membership, Role
from ocpp_css.storage import NUMBER, CacheKey, Unit, UtcTime, personal, tenant_table, version_column

MEMBERSHIPS = tenant_table(
    "memberships",
    Column("user_id", BigInteger, info=personal("account", clear=NUMBER)),
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
    return tuple(to_membership(row) for row in rows)


BY_USER: CacheKey[int, tuple[Membership, ...]] = CacheKey("memberships", load_of)


async def of_account(unit: Unit, account_id: int, role: str = "") -> list[Membership]:
    """The memberships of an account, or those with this role."""
    query = select(MEMBERSHIPS).where(MEMBERSHIPS.c.account_id == account_id)
    rows = await unit.all(query.where(MEMBERSHIPS.c.role == role) if role else query)
    return [to_membership(row) for row in rows]


async def one(unit: Unit, account_id: int, user_id: int) -> Membership | None:
    """What a person is in an account."""
    query = select(MEMBERSHIPS).where(MEMBERSHIPS.c.account_id == account_id, MEMBERSHIPS.c.user_id == user_id)
    row = await unit.first(query)
    return None if row is None else to_membership(row)


def add(unit: Unit, membership: Membership) -> None:
    """A new membership."""
    unit.require_absent(MEMBERSHIPS, user_id=membership.user_id, account_id=membership.account_id)
    unit.insert(MEMBERSHIPS, **msgspec.structs.asdict(membership))
    unit.drop(BY_USER, membership.user_id)


def change(unit: Unit, membership: Membership, role: Role) -> None:
    """Another role; of two units that saw the same version the second ends STALE."""
    unit.update(MEMBERSHIPS, (membership.user_id, membership.account_id), seen=membership.version, role=role)
    unit.drop(BY_USER, membership.user_id)


def remove(unit: Unit, membership: Membership) -> None:
    """The person belongs to the account no more; of two units that saw the same version the second ends STALE."""
    unit.delete(MEMBERSHIPS, (membership.user_id, membership.account_id), seen=membership.version)
    unit.drop(BY_USER, membership.user_id)


def to_membership(row: Row[Any]) -> Membership:
    """The row as a value."""
    fields = row._mapping  # noqa: SLF001 - SQLAlchemy's public name for it
    return Membership(**{name: fields[name] for name in Membership.__struct_fields__})
