"""The tables of people and one-time links, and their queries; all rows belong to the service itself."""

from typing import Any

import msgspec
from sqlalchemy import BigInteger, Column, Row, Text, or_, select

from ocpp_css.people.accounts.model import Link, User
from ocpp_css.storage import CacheKey, Unit, UtcTime, personal, tenant_table, version_column

USERS = tenant_table(
    "users",
    Column("user_id", BigInteger),
    Column("email", Text, nullable=False, info=personal("contact")),
    Column("email_folded", Text, nullable=False, info=personal("contact")),
    Column("username", Text, info=personal("name")),
    Column("username_folded", Text, info=personal("name")),
    Column("display_name", Text, nullable=False, info=personal("name")),
    Column("password_hash", Text, info=personal("credential")),
    Column("language", Text, nullable=False, info=personal("preference")),
    Column("time_zone", Text, nullable=False, info=personal("preference")),
    Column("theme", Text, nullable=False, info=personal("preference")),
    Column("created_at", UtcTime, nullable=False),
    Column("disabled_at", UtcTime),
    version_column(),
    key=("user_id",),
    unique=[("email_folded",), ("username_folded",)],
)

LINKS = tenant_table(
    "one_time_links",
    Column("token_hash", Text, info=personal("credential")),
    Column("purpose", Text, nullable=False),
    Column("user_id", BigInteger, info=personal("account")),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime),
    Column("used_at", UtcTime),
    version_column(),
    key=("token_hash",),
    indexes=[("purpose",)],
)


def fold(text: str) -> str:
    """E-mail addresses and user names are compared without regard to case."""
    return text.strip().casefold()


async def load_user(unit: Unit, user_id: int) -> User | None:
    """One person by number."""
    row = await unit.first(select(USERS).where(USERS.c.user_id == user_id))
    return None if row is None else to_user(row)


BY_NUMBER: CacheKey[int, User | None] = CacheKey("users", load_user)


async def by_login(unit: Unit, login: str) -> User | None:
    """The person who signs in with this e-mail address or user name."""
    folded = fold(login)
    row = await unit.first(select(USERS).where(or_(USERS.c.email_folded == folded, USERS.c.username_folded == folded)))
    return None if row is None else to_user(row)


async def has_any(unit: Unit) -> bool:
    """Whether there is a person at all."""
    return await unit.first(select(USERS.c.user_id)) is not None


def add(unit: Unit, user: User) -> None:
    """A new person; the e-mail address and the user name must be new."""
    row = {**msgspec.structs.asdict(user), **_folded(msgspec.structs.asdict(user))}
    unit.require_absent(USERS, email_folded=row["email_folded"])
    if row["username_folded"]:
        unit.require_absent(USERS, username_folded=row["username_folded"])
    unit.insert(USERS, **row)
    unit.drop(BY_NUMBER, user.user_id)


def change(unit: Unit, user: User, **changes: Any) -> None:
    """Change columns of a person seen at this version."""
    unit.update(USERS, (user.user_id,), seen=user.version, **changes, **_folded(changes))
    unit.drop(BY_NUMBER, user.user_id)


def _folded(row: dict[str, Any]) -> dict[str, Any]:
    return {f"{name}_folded": row[name] and fold(row[name]) for name in ("email", "username") if name in row}


def to_user(row: Row[Any]) -> User:
    """The row as a value."""
    fields = row._mapping  # noqa: SLF001 - SQLAlchemy's public name for it
    return User(**{name: fields[name] for name in User.__struct_fields__})


async def load_link(unit: Unit, token_hash: str) -> Link | None:
    """One link by the hash of its token."""
    row = await unit.first(select(LINKS).where(LINKS.c.token_hash == token_hash))
    return None if row is None else to_link(row)


async def links_for(unit: Unit, purpose: str) -> list[Link]:
    """The links made for a purpose."""
    return [to_link(row) for row in await unit.all(select(LINKS).where(LINKS.c.purpose == purpose))]


def add_link(unit: Unit, link: Link) -> None:
    """A new link."""
    unit.insert(LINKS, **msgspec.structs.asdict(link))


def spend_link(unit: Unit, link: Link) -> None:
    """Use a link up: of two units that come at once the second ends STALE."""
    unit.update(LINKS, (link.token_hash,), seen=link.version, used_at=unit.now)


def remove_link(unit: Unit, link: Link) -> None:
    """Take a link out."""
    unit.delete(LINKS, (link.token_hash,))


def to_link(row: Row[Any]) -> Link:
    """The row as a value."""
    fields = row._mapping  # noqa: SLF001 - SQLAlchemy's public name for it
    return Link(**{name: fields[name] for name in Link.__struct_fields__})
