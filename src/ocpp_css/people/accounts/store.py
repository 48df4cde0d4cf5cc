"""The tables of people and one-time links, and their queries; all rows belong to the service itself."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Column, Integer, Row, Text, or_, select

from ocpp_css.people.accounts.model import Challenge, Contact, Link, User
from ocpp_css.storage import (
    HASH,
    MOMENT,
    NUMBER,
    SEALED_BY_AREA,
    CacheKey,
    Unit,
    UtcTime,
    personal,
    tenant_table,
    version_column,
)

LOGIN = "login"
"""Addresses and user names are marked alike: either is what one signs in with."""

USERS = tenant_table(
    "users",
    Column("user_id", BigInteger),
    Column("email", Text, nullable=False, info=personal("contact", of="user_id")),
    Column("email_mark", Text, nullable=False, info=personal("contact", marks=("email", LOGIN))),
    Column("username", Text, info=personal("name", of="user_id")),
    Column("username_mark", Text, info=personal("name", marks=("username", LOGIN))),
    Column("display_name", Text, nullable=False, info=personal("name", of="user_id")),
    Column("password_hash", Text, info=personal("credential", of="user_id")),
    Column("language", Text, nullable=False, info=personal("preference", of="user_id")),
    Column("time_zone", Text, nullable=False, info=personal("preference", of="user_id")),
    Column("theme", Text, nullable=False, info=personal("preference", of="user_id")),
    Column("created_at", UtcTime, nullable=False),
    Column("disabled_at", UtcTime),
    version_column(),
    key=("user_id",),
    unique=[("email_mark",), ("username_mark",)],
)

LINKS = tenant_table(
    "one_time_links",
    Column("token_hash", Text, info=personal("credential", clear=HASH)),
    Column("purpose", Text, nullable=False),
    Column("user_id", BigInteger, info=personal("account", clear=NUMBER)),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime),
    Column("used_at", UtcTime),
    version_column(),
    Column("since", UtcTime),
    key=("token_hash",),
    indexes=[("purpose",)],
)

CHALLENGES = tenant_table(
    "challenges",
    Column("token_hash", Text, info=personal("credential", clear=HASH)),
    Column("purpose", Text, nullable=False),
    Column("user_id", BigInteger, nullable=False, info=personal("account", clear=NUMBER)),
    Column("code_hash", Text, nullable=False, info=personal("credential", clear=HASH)),
    Column("sealed", Text, nullable=False, info=personal("sign-up or change", clear=SEALED_BY_AREA)),
    Column("tries", Integer, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("used_at", UtcTime),
    version_column(),
    key=("token_hash",),
    indexes=[("expires_at",), ("user_id",)],
)

CONTACTS = tenant_table(
    "contacts",
    Column("user_id", BigInteger, info=personal("account", clear=NUMBER)),
    Column("country", Text, nullable=False, info=personal("address", of="user_id")),
    Column("phone", Text, nullable=False, info=personal("contact", of="user_id")),
    Column("birth_date", Text, nullable=False, info=personal("date of birth", of="user_id")),
    Column("street", Text, nullable=False, info=personal("address", of="user_id")),
    Column("postal_code", Text, nullable=False, info=personal("address", of="user_id")),
    Column("city", Text, nullable=False, info=personal("address", of="user_id")),
    Column("verified_at", UtcTime, info=personal("activity", clear=MOMENT)),
    key=("user_id",),
)
"""Apart from the people, whose rows every request reads."""

PICTURES = tenant_table(
    "pictures",
    Column("user_id", BigInteger, info=personal("account", clear=NUMBER)),
    Column("image", Text, nullable=False, info=personal("picture", of="user_id")),
    Column("changed_at", UtcTime, nullable=False),
    key=("user_id",),
)

_AT_ONCE = 500


async def load_user(unit: Unit, user_id: int) -> User | None:
    """One person by number."""
    row = await unit.first(select(USERS).where(USERS.c.user_id == user_id))
    return None if row is None else to_user(row)


BY_NUMBER: CacheKey[int, User | None] = CacheKey("users", load_user)


async def by_login(unit: Unit, login: str) -> User | None:
    """The person who signs in with this e-mail address or user name."""
    mark = unit.mark(LOGIN, login)
    row = await unit.first(select(USERS).where(or_(USERS.c.email_mark == mark, USERS.c.username_mark == mark)))
    return None if row is None else to_user(row)


async def of_numbers(unit: Unit, numbers: Sequence[int]) -> dict[int, User]:
    """Those of these people that there are."""
    found: dict[int, User] = {}
    for start in range(0, len(numbers), _AT_ONCE):
        query = select(USERS).where(USERS.c.user_id.in_(numbers[start : start + _AT_ONCE]))
        found.update((row.user_id, to_user(row)) for row in await unit.all(query))
    return found


async def has_any(unit: Unit) -> bool:
    """Whether there is a person at all."""
    return await unit.first(select(USERS.c.user_id)) is not None


def add(unit: Unit, user: User) -> None:
    """A new person; the e-mail address and the user name must be new."""
    row = msgspec.structs.asdict(user)
    row |= _marks(unit, row)
    unit.require_absent(USERS, email_mark=row["email_mark"])
    if row["username_mark"]:
        unit.require_absent(USERS, username_mark=row["username_mark"])
    unit.insert(USERS, **row)
    unit.drop(BY_NUMBER, user.user_id)


def change(unit: Unit, user: User, **changes: Any) -> None:
    """Change columns of a person seen at this version."""
    unit.update(USERS, (user.user_id,), seen=user.version, **changes, **_marks(unit, changes))
    unit.drop(BY_NUMBER, user.user_id)


def freeze(unit: Unit, user: User, email: str, *, is_found: bool) -> None:
    """Let nobody sign in as the person, whom letters reach at `email`; it finds them where `is_found`."""
    mark = unit.mark(LOGIN, email) if is_found else f"taken {user.user_id}"
    unit.update(USERS, (user.user_id,), seen=user.version, disabled_at=unit.now, email=email, email_mark=mark)
    unit.drop(BY_NUMBER, user.user_id)


def forget(unit: Unit, user: User) -> None:
    """Take out what finds the person, and what they sign in with."""
    nobody = {"email_mark": f"gone {user.user_id}", "username_mark": None, "password_hash": None}
    unit.update(USERS, (user.user_id,), seen=user.version, disabled_at=unit.now, **nobody)
    unit.drop(BY_NUMBER, user.user_id)


def _marks(unit: Unit, row: dict[str, Any]) -> dict[str, Any]:
    return {f"{name}_mark": row[name] and unit.mark(LOGIN, row[name]) for name in ("email", "username") if name in row}


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


async def load_challenge(unit: Unit, token_hash: str) -> Challenge | None:
    """One challenge by the hash of its token."""
    row = await unit.first(select(CHALLENGES).where(CHALLENGES.c.token_hash == token_hash))
    return None if row is None else _challenge(row)


async def challenges_of(unit: Unit, user_id: int) -> list[Challenge]:
    """The challenges of a person that were not answered."""
    query = select(CHALLENGES).where(CHALLENGES.c.user_id == user_id, CHALLENGES.c.used_at.is_(None))
    return [_challenge(row) for row in await unit.all(query)]


async def challenges_before(unit: Unit, moment: datetime, limit: int) -> list[str]:
    """Challenges that were too old before this moment."""
    query = select(CHALLENGES.c.token_hash).where(CHALLENGES.c.expires_at < moment)
    return [row.token_hash for row in await unit.all(query.limit(limit))]


async def links_before(unit: Unit, moment: datetime, limit: int) -> list[str]:
    """Links that were too old before this moment."""
    query = select(LINKS.c.token_hash).where(LINKS.c.expires_at < moment)
    return [row.token_hash for row in await unit.all(query.limit(limit))]


async def links_of(unit: Unit, user_id: int, purpose: str) -> list[Link]:
    """The links of a person for a purpose."""
    query = select(LINKS).where(LINKS.c.user_id == user_id, LINKS.c.purpose == purpose)
    return [to_link(row) for row in await unit.all(query)]


def add_challenge(unit: Unit, challenge: Challenge) -> None:
    """A new challenge."""
    unit.insert(CHALLENGES, **msgspec.structs.asdict(challenge))


def change_challenge(unit: Unit, challenge: Challenge, **changes: Any) -> None:
    """Change columns of a challenge seen at this version."""
    unit.update(CHALLENGES, (challenge.token_hash,), seen=challenge.version, **changes)


def remove_challenge(unit: Unit, token_hash: str) -> None:
    """Take a challenge out."""
    unit.delete(CHALLENGES, (token_hash,))


def remove_link_of(unit: Unit, token_hash: str) -> None:
    """Take a link out by the hash of its token."""
    unit.delete(LINKS, (token_hash,))


def claim_link(unit: Unit, link: Link) -> None:
    """Add a link that must be new: of two units with the same token the second ends DUPLICATE."""
    unit.require_absent(LINKS, token_hash=link.token_hash)
    add_link(unit, link)


async def contact(unit: Unit, user_id: int) -> Contact:
    """What a person told of themselves; empty where they told nothing."""
    row = await unit.first(select(CONTACTS).where(CONTACTS.c.user_id == user_id))
    if row is None:
        return Contact(user_id=user_id)
    return Contact(**{name: row._mapping[name] for name in Contact.__struct_fields__})  # noqa: SLF001 - SQLAlchemy's public name for it


def keep_contact(unit: Unit, contact: Contact) -> None:
    """Write what a person told of themselves."""
    unit.upsert(CONTACTS, **msgspec.structs.asdict(contact))


def _challenge(row: Row[Any]) -> Challenge:
    fields = row._mapping  # noqa: SLF001 - SQLAlchemy's public name for it
    return Challenge(**{name: fields[name] for name in Challenge.__struct_fields__})


async def picture(unit: Unit, user_id: int) -> str | None:
    """A person's picture in base64."""
    row = await unit.first(select(PICTURES.c.user_id, PICTURES.c.image).where(PICTURES.c.user_id == user_id))
    return None if row is None else str(row.image)


def keep_picture(unit: Unit, user_id: int, image: str) -> None:
    """A new picture in place of the old one."""
    unit.upsert(PICTURES, user_id=user_id, image=image, changed_at=unit.now)


def remove_picture(unit: Unit, user_id: int) -> None:
    """Take a picture out."""
    unit.delete(PICTURES, (user_id,))
