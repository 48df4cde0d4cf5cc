"""Sessions and when they were last used; rows of the service itself."""

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Boolean, Column, Integer, Row, Text, or_, select

from ocpp_css.people.access.model import Attempts, Session
from ocpp_css.storage import (
    HASH,
    MOMENT,
    NUMBER,
    PROVIDER,
    CacheKey,
    Database,
    Unit,
    UtcTime,
    joined,
    personal,
    tenant_table,
    version_column,
)

SESSIONS = tenant_table(
    "sessions",
    Column("session_id", BigInteger),
    Column("token_hash", Text, nullable=False, info=personal("credential", clear=HASH)),
    Column("user_id", BigInteger, nullable=False, info=personal("account", clear=NUMBER)),
    Column("account_id", BigInteger, nullable=False),
    Column("user_agent", Text, nullable=False, info=personal("device", of="user_id")),
    Column("address", Text, nullable=False, info=personal("network address", of="user_id")),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    version_column(),
    Column("proved_at", UtcTime, info=personal("activity", clear=MOMENT)),
    Column("is_kept", Boolean),
    Column("address_mark", Text, info=personal("network address", clear=HASH)),
    key=("session_id",),
    unique=[("token_hash",)],
    indexes=[("user_id",), ("expires_at",)],
)

SESSION_USES = tenant_table(
    "session_uses",
    Column("session_id", BigInteger),
    Column("last_used_at", UtcTime, nullable=False, info=personal("activity", clear=MOMENT)),
    key=("session_id",),
)
"""Apart from the sessions, because it is written late and whole: a late write must not wake an ended session."""

ATTEMPTS = tenant_table(
    "sign_in_attempts",
    Column("place", Text, info=personal("reference", clear=HASH)),
    Column("failures", Integer, nullable=False),
    Column("last_at", UtcTime, nullable=False),
    version_column(),
    key=("place",),
    indexes=[("last_at",)],
)

_SOURCE = joined(SESSIONS, SESSION_USES, SESSIONS.c.session_id == SESSION_USES.c.session_id)
_SELECT = select(SESSIONS, SESSION_USES.c.last_used_at).select_from(_SOURCE)


async def load_session(unit: Unit, token_hash: str) -> Session | None:
    """One session by the hash of its cookie, ended ones too."""
    row = await unit.first(_SELECT.where(SESSIONS.c.token_hash == token_hash))
    return None if row is None else to_session(row)


BY_HASH: CacheKey[str, Session | None] = CacheKey("sessions", load_session)


async def of_user(unit: Unit, user_id: int) -> list[Session]:
    """The sessions of a person that were not ended and are not too old, the newest first."""
    query = _SELECT.where(
        SESSIONS.c.user_id == user_id, SESSIONS.c.ended_at.is_(None), SESSIONS.c.expires_at > unit.now
    )
    return [to_session(row) for row in await unit.all(query.order_by(SESSIONS.c.session_id.desc()))]


async def one(unit: Unit, session_id: int) -> Session | None:
    """One session by its number."""
    row = await unit.first(_SELECT.where(SESSIONS.c.session_id == session_id))
    return None if row is None else to_session(row)


async def is_known_address(unit: Unit, user_id: int, address: str) -> bool:
    """Whether the person had a session from this address within the time that sessions are kept."""
    mark = _address_mark(unit, user_id, address)
    query = select(SESSIONS.c.session_id).where(SESSIONS.c.user_id == user_id, SESSIONS.c.address_mark == mark)
    return await unit.first(query) is not None


async def over_before(unit: Unit, moment: datetime, limit: int) -> list[int]:
    """Sessions that ended, or were too old, before this moment."""
    query = select(SESSIONS.c.session_id).where(or_(SESSIONS.c.ended_at < moment, SESSIONS.c.expires_at < moment))
    return [row.session_id for row in await unit.all(query.limit(limit))]


def add(unit: Unit, session: Session) -> None:
    """A new session."""
    row = msgspec.structs.asdict(session)
    del row["last_used_at"]
    unit.insert(SESSIONS, **row, address_mark=_address_mark(unit, session.user_id, session.address))
    unit.drop(BY_HASH, session.token_hash)


def _address_mark(unit: Unit, user_id: int, address: str) -> str:
    return unit.mark(f"address of {user_id}", address)


def change(unit: Unit, session: Session, **changes: Any) -> None:
    """Change columns of a session; every process sees it at its next request."""
    unit.update(SESSIONS, (session.session_id,), seen=session.version, **changes)
    unit.drop(BY_HASH, session.token_hash)


def remove(unit: Unit, session_id: int) -> None:
    """Take a session out."""
    unit.delete(SESSIONS, (session_id,))
    unit.delete(SESSION_USES, (session_id,))


def used_later(db: Database, session_id: int, moment: datetime) -> None:
    """Keep when a session was used, within seconds."""
    db.later(SESSION_USES, (PROVIDER, session_id), (moment,))


def to_session(row: Row[Any]) -> Session:
    """The row as a value; one that was never used again was used when it began."""
    fields = {name: row._mapping[name] for name in Session.__struct_fields__}  # noqa: SLF001 - SQLAlchemy's public name for it
    return Session(
        **{**fields, "is_kept": bool(fields["is_kept"]), "last_used_at": fields["last_used_at"] or fields["created_at"]}
    )


async def attempts(unit: Unit, place: str) -> Attempts | None:
    """The failures counted at this place."""
    row = await unit.first(select(ATTEMPTS).where(ATTEMPTS.c.place == place))
    return (
        None
        if row is None
        else Attempts(place=row.place, failures=row.failures, last_at=row.last_at, version=row.version)
    )


def count_attempt(unit: Unit, place: str, seen: Attempts | None, failures: int) -> None:
    """Count one more; of two units that come at once the second ends STALE or DUPLICATE."""
    if seen is None:
        unit.require_absent(ATTEMPTS, place=place)
        unit.insert(ATTEMPTS, place=place, failures=failures, last_at=unit.now, version=1)
    else:
        unit.update(ATTEMPTS, (place,), seen=seen.version, failures=failures, last_at=unit.now)


def forget_attempts(unit: Unit, place: str) -> None:
    """Count from nothing again."""
    unit.delete(ATTEMPTS, (place,))


async def attempts_before(unit: Unit, moment: datetime, limit: int) -> list[str]:
    """Places at which nothing was tried since this moment."""
    query = select(ATTEMPTS.c.place).where(ATTEMPTS.c.last_at < moment)
    return [row.place for row in await unit.all(query.limit(limit))]
