"""What proves a person beyond the password: second factors, recovery codes, known places; and reports of misuse."""

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Column, Row, Text, select

from ocpp_css.people.access.model import Incident, Made, SecondFactor
from ocpp_css.storage import HASH, MOMENT, NUMBER, Document, Unit, UtcTime, personal, tenant_table, version_column

FACTORS = tenant_table(
    "second_factors",
    Column("user_id", BigInteger, info=personal("account", clear=NUMBER)),
    Column("sealed", Text, nullable=False, info=personal("credential", of="user_id")),
    Column("confirmed_at", UtcTime),
    Column("last_step", BigInteger, nullable=False),
    version_column(),
    key=("user_id",),
)

CODES = tenant_table(
    "recovery_codes",
    Column("user_id", BigInteger, info=personal("account", clear=NUMBER)),
    Column("code_hash", Text, info=personal("credential", clear=HASH)),
    Column("used_at", UtcTime),
    version_column(),
    key=("user_id", "code_hash"),
)

PLACES = tenant_table(
    "known_places",
    Column("user_id", BigInteger, info=personal("account", clear=NUMBER)),
    Column("mark", Text, info=personal("device", clear=HASH)),
    Column("last_at", UtcTime, nullable=False, info=personal("activity", clear=MOMENT)),
    key=("user_id", "mark"),
    indexes=[("last_at",)],
)

INCIDENTS = tenant_table(
    "incidents",
    Column("incident_id", BigInteger),
    Column("user_id", BigInteger, nullable=False, info=personal("account", clear=NUMBER)),
    Column("at", UtcTime, nullable=False),
    Column("address", Text, nullable=False, info=personal("network address", of="user_id")),
    Column("user_agent", Text, nullable=False, info=personal("device", of="user_id")),
    Column("closed_at", UtcTime),
    version_column(),
    Column("since", UtcTime),
    Column("found", Document),
    key=("incident_id",),
    indexes=[("user_id",)],
)
"""What support looks at: somebody said that it was not them."""


async def factor(unit: Unit, user_id: int) -> SecondFactor | None:
    """The second factor of a person, one that is not confirmed yet too."""
    row = await unit.first(select(FACTORS).where(FACTORS.c.user_id == user_id))
    return None if row is None else SecondFactor(**_fields(row, SecondFactor))


def put_factor(unit: Unit, factor: SecondFactor) -> None:
    """A new second factor in place of the old one."""
    unit.upsert(FACTORS, **msgspec.structs.asdict(factor))


def change_factor(unit: Unit, factor: SecondFactor, **changes: Any) -> None:
    """Change columns; of two units that saw the same version the second ends STALE."""
    unit.update(FACTORS, (factor.user_id,), seen=factor.version, **changes)


def remove_factor(unit: Unit, user_id: int) -> None:
    """Take the second factor out."""
    unit.delete(FACTORS, (user_id,))


async def codes(unit: Unit, user_id: int) -> dict[str, int]:
    """The recovery codes that were not used: hash and version."""
    rows = await unit.all(select(CODES).where(CODES.c.user_id == user_id, CODES.c.used_at.is_(None)))
    return {row.code_hash: row.version for row in rows}


async def every_code(unit: Unit, user_id: int) -> set[str]:
    """The hashes of all recovery codes of a person, used ones too."""
    return {row.code_hash for row in await unit.all(select(CODES.c.code_hash).where(CODES.c.user_id == user_id))}


async def put_codes(unit: Unit, user_id: int, hashes: list[str]) -> None:
    """New recovery codes in place of all old ones."""
    for code_hash in await every_code(unit, user_id):
        unit.delete(CODES, (user_id, code_hash))
    for code_hash in hashes:
        unit.insert(CODES, user_id=user_id, code_hash=code_hash, used_at=None, version=1)


def spend_code(unit: Unit, user_id: int, code_hash: str, version: int) -> None:
    """Use a recovery code up; of two units that do, the second ends STALE."""
    unit.update(CODES, (user_id, code_hash), seen=version, used_at=unit.now)


async def is_known(unit: Unit, user_id: int, mark: str) -> bool:
    """Whether the person signed in from this device at this place."""
    return await unit.first(select(PLACES).where(PLACES.c.user_id == user_id, PLACES.c.mark == mark)) is not None


def know(unit: Unit, user_id: int, mark: str) -> None:
    """Remember a device at a place."""
    unit.upsert(PLACES, user_id=user_id, mark=mark, last_at=unit.now)


async def forget_places(unit: Unit, user_id: int) -> None:
    """No device and place of the person is known any more."""
    for row in await unit.all(select(PLACES.c.mark).where(PLACES.c.user_id == user_id)):
        unit.delete(PLACES, (user_id, row.mark))


async def places_before(unit: Unit, moment: datetime, limit: int) -> list[tuple[int, str]]:
    """Places where nobody signed in since this moment."""
    query = select(PLACES.c.user_id, PLACES.c.mark).where(PLACES.c.last_at < moment)
    return [(row.user_id, row.mark) for row in await unit.all(query.limit(limit))]


def forget_place(unit: Unit, user_id: int, mark: str) -> None:
    """Take one known place out."""
    unit.delete(PLACES, (user_id, mark))


def add_incident(unit: Unit, incident: Incident) -> None:
    """A new report."""
    unit.insert(INCIDENTS, **msgspec.structs.asdict(incident))


async def incidents(unit: Unit, user_id: int) -> list[Incident]:
    """The reports of a person that are open."""
    query = select(INCIDENTS).where(INCIDENTS.c.user_id == user_id, INCIDENTS.c.closed_at.is_(None))
    return [_incident(row) for row in await unit.all(query)]


async def last_closed(unit: Unit, user_id: int, since: datetime) -> Incident | None:
    """The report of a person that was dealt with last, not before this moment."""
    query = select(INCIDENTS).where(INCIDENTS.c.user_id == user_id, INCIDENTS.c.closed_at >= since)
    row = await unit.first(query.order_by(INCIDENTS.c.incident_id.desc()))
    return None if row is None else _incident(row)


def close_incident(unit: Unit, incident: Incident, found: list[Made]) -> None:
    """The report is dealt with; all that was done in the person's name is known now."""
    unit.update(INCIDENTS, (incident.incident_id,), seen=incident.version, closed_at=unit.now, found=found)


def _incident(row: Row[Any]) -> Incident:
    fields = _fields(row, Incident)
    return Incident(**{**fields, "found": msgspec.convert(fields["found"] or [], list[Made])})


def _fields(row: Row[Any], kind: type[msgspec.Struct]) -> dict[str, Any]:
    return {name: row._mapping[name] for name in kind.__struct_fields__}  # noqa: SLF001 - SQLAlchemy's public name for it
