"""The API keys of an account, and when they were last used."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Column, Row, Text, null, select

from ocpp_css.kit.paging import Cursor
from ocpp_css.people.access.model import ApiKey
from ocpp_css.storage import (
    NUMBER,
    CacheKey,
    Database,
    Document,
    Unit,
    UtcTime,
    joined,
    personal,
    tenant_table,
    version_column,
)

KEYS = tenant_table(
    "api_keys",
    Column("key_id", BigInteger),
    Column("name", Text, nullable=False),
    Column("secret_hash", Text, nullable=False),
    Column("scopes", Document, nullable=False),
    Column("created_by", BigInteger, nullable=False, info=personal("account", clear=NUMBER)),
    Column("created_by_name", Text, nullable=False, info=personal("name", of="created_by")),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime),
    Column("revoked_at", UtcTime),
    version_column(),
    key=("key_id",),
)

KEY_USES = tenant_table(
    "api_key_uses",
    Column("key_id", BigInteger),
    Column("last_used_at", UtcTime, nullable=False),
    key=("key_id",),
)
"""Apart from the keys, because it is written late and whole: a late write must not wake a revoked key."""

_SELECT = select(KEYS, KEY_USES.c.last_used_at).select_from(joined(KEYS, KEY_USES, KEYS.c.key_id == KEY_USES.c.key_id))


async def load_key(unit: Unit, key_id: int) -> ApiKey | None:
    """One key by its number, revoked ones too."""
    row = await unit.first(_SELECT.where(KEYS.c.key_id == key_id))
    return None if row is None else to_key(row)


async def made_by(db: Database, user_id: int, since: datetime) -> list[tuple[int, ApiKey]]:
    """The keys that a person made since this moment, in whichever account, with its number; revoked ones too."""
    query = select(KEYS, null().label("last_used_at")).where(KEYS.c.created_by == user_id, KEYS.c.created_at >= since)
    rows = await db.across_tenants(query.order_by(KEYS.c.key_id))
    return [(row.tenant_id, to_key(row)) for row in rows]


BY_NUMBER: CacheKey[int, ApiKey | None] = CacheKey("api_keys", load_key)


async def page(unit: Unit, search: str, after: Cursor | None, limit: int) -> Sequence[ApiKey]:
    """Keys that are not revoked, the newest first; one more than `limit`."""
    query = _SELECT.where(KEYS.c.revoked_at.is_(None)).order_by(KEYS.c.key_id.desc()).limit(limit + 1)
    if search:
        query = query.where(KEYS.c.name.icontains(search, autoescape=True))
    if after is not None:
        query = query.where(KEYS.c.key_id < after.id)
    return [to_key(row) for row in await unit.all(query)]


def add(unit: Unit, key: ApiKey) -> None:
    """A new key."""
    row = msgspec.structs.asdict(key)
    del row["last_used_at"]
    unit.insert(KEYS, **row)
    unit.drop(BY_NUMBER, key.key_id)


def change(unit: Unit, key: ApiKey, **changes: Any) -> None:
    """Change columns of a key seen at its version."""
    unit.update(KEYS, (key.key_id,), seen=key.version, **changes)
    unit.drop(BY_NUMBER, key.key_id)


def used_later(db: Database, account: int, key_id: int, moment: datetime) -> None:
    """Keep when a key was used, within seconds."""
    db.later(KEY_USES, (account, key_id), (moment,))


def to_key(row: Row[Any]) -> ApiKey:
    """The row as a value."""
    fields = row._mapping  # noqa: SLF001 - SQLAlchemy's public name for it
    return ApiKey(**{name: fields[name] for name in ApiKey.__struct_fields__})
