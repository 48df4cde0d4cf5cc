"""Invitations to accounts; rows of the service itself, because who accepts belongs to no account yet."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Column, Row, Text, select

from ocpp_css.kit.paging import Cursor
from ocpp_css.people.access.model import Invitation
from ocpp_css.storage import HASH, NUMBER, Unit, UtcTime, personal, tenant_table, version_column

INVITATIONS = tenant_table(
    "invitations",
    Column("invitation_id", BigInteger),
    Column("account_id", BigInteger, nullable=False),
    Column("email", Text, nullable=False, info=personal("contact", of="tenant_id")),
    Column("role", Text, nullable=False),
    Column("token_hash", Text, nullable=False, info=personal("credential", clear=HASH)),
    Column("open_for", Text, info=personal("reference", clear=HASH)),
    Column("invited_by", BigInteger, nullable=False, info=personal("account", clear=NUMBER)),
    Column("invited_by_name", Text, nullable=False, info=personal("name", of="invited_by")),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    version_column(),
    key=("invitation_id",),
    unique=[("token_hash",), ("open_for",)],
    indexes=[("account_id", "invitation_id"), ("expires_at",)],
)
"""`open_for` is null once the invitation was accepted or taken back; its unique key lets one stand at a time.

Whoever is invited has no number yet: their address is sealed for the service itself, whose number is the tenant's.
"""

SEARCHED = 2_000
"""Addresses are sealed: so many are opened and looked through at a search, the newest."""


async def page(unit: Unit, account_id: int, search: str, after: Cursor | None, limit: int) -> Sequence[Invitation]:
    """The invitations of an account that stand, the newest first; one more than `limit`."""
    query = select(INVITATIONS).where(INVITATIONS.c.account_id == account_id, INVITATIONS.c.open_for.is_not(None))
    if after is not None:
        query = query.where(INVITATIONS.c.invitation_id < after.id)
    query = query.order_by(INVITATIONS.c.invitation_id.desc())
    rows = await unit.all(query.limit(SEARCHED if search else limit + 1))
    found = [to_invitation(row) for row in rows]
    return [one for one in found if search.casefold() in one.email.casefold()][: limit + 1]


async def one(unit: Unit, account_id: int, invitation_id: int) -> Invitation | None:
    """One invitation of an account that stands."""
    query = select(INVITATIONS).where(
        INVITATIONS.c.account_id == account_id, INVITATIONS.c.invitation_id == invitation_id,
        INVITATIONS.c.open_for.is_not(None),
    )  # fmt: skip
    row = await unit.first(query)
    return None if row is None else to_invitation(row)


async def by_token(unit: Unit, token_hash: str) -> Invitation | None:
    """The invitation of this token, one that was used or is too old as well."""
    row = await unit.first(select(INVITATIONS).where(INVITATIONS.c.token_hash == token_hash))
    return None if row is None else to_invitation(row)


async def is_open(unit: Unit, open_for: str) -> bool:
    """Whether an invitation stands for this account and address."""
    return await unit.first(select(INVITATIONS.c.open_for).where(INVITATIONS.c.open_for == open_for)) is not None


async def made_by(unit: Unit, account_id: int, user_id: int) -> list[Invitation]:
    """The invitations that a person made in an account and that stand."""
    query = select(INVITATIONS).where(
        INVITATIONS.c.account_id == account_id, INVITATIONS.c.invited_by == user_id, INVITATIONS.c.open_for.is_not(None)
    )
    return [to_invitation(row) for row in await unit.all(query)]


async def made_since(unit: Unit, user_id: int, since: datetime) -> list[Invitation]:
    """The invitations that a person made since this moment, into whichever account and whatever became of them."""
    query = select(INVITATIONS).where(INVITATIONS.c.invited_by == user_id, INVITATIONS.c.created_at >= since)
    return [to_invitation(row) for row in await unit.all(query.order_by(INVITATIONS.c.invitation_id))]


async def over_before(unit: Unit, moment: datetime, limit: int) -> list[int]:
    """Invitations whose time ended before this moment, whatever became of them."""
    query = select(INVITATIONS.c.invitation_id).where(INVITATIONS.c.expires_at < moment).limit(limit)
    return [row.invitation_id for row in await unit.all(query)]


def add(unit: Unit, invitation: Invitation) -> None:
    """A new invitation; of two to one address the second ends DUPLICATE."""
    unit.require_absent(INVITATIONS, open_for=invitation.open_for)
    unit.insert(INVITATIONS, **msgspec.structs.asdict(invitation))


def change(unit: Unit, invitation: Invitation, **changes: Any) -> None:
    """Change columns; of two units that saw the same version the second ends STALE."""
    unit.update(INVITATIONS, (invitation.invitation_id,), seen=invitation.version, **changes)


def remove(unit: Unit, invitation_id: int) -> None:
    """Take the row out."""
    unit.delete(INVITATIONS, (invitation_id,))


def to_invitation(row: Row[Any]) -> Invitation:
    """The row as a value."""
    fields = row._mapping  # noqa: SLF001 - SQLAlchemy's public name for it
    return Invitation(**{name: fields[name] for name in Invitation.__struct_fields__})
