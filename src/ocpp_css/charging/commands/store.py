"""The table of commands and its queries."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Column, Float, Integer, Row, Text, select

from ocpp_css.charging.commands.model import Command
from ocpp_css.kit.paging import Cursor
from ocpp_css.storage import NUMBER, Database, Document, Unit, UtcTime, personal, tenant_table, version_column

COMMANDS = tenant_table(
    "commands",
    Column("id", BigInteger),
    Column("station_id", BigInteger, nullable=False),
    Column("action", Text, nullable=False),
    Column("payload", Document, nullable=False),
    Column("status", Text, nullable=False),
    Column("response", Document),
    Column("error_code", Text),
    Column("error_description", Text),
    Column("error_details", Document),
    Column("timeout_s", Float, nullable=False),
    Column("created_by", Text, nullable=False, info=personal("name", of="person_id")),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime),
    Column("sent_at", UtcTime),
    Column("finished_at", UtcTime),
    Column("latency_us", Integer),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("person_id", BigInteger, info=personal("account", clear=NUMBER)),
    version_column(),
    Column("key_id", BigInteger),
    key=("id",),
    indexes=[("station_id", "id"), ("status",)],
)


def add(unit: Unit, command: Command) -> None:
    """A new command."""
    unit.insert(COMMANDS, **msgspec.structs.asdict(command))


def change(unit: Unit, command: Command, **changes: Any) -> Command:
    """Change a command seen at its version."""
    unit.update(COMMANDS, (command.id,), seen=command.version, **changes)
    return msgspec.structs.replace(command, **changes, version=command.version + 1)


async def read(unit: Unit, number: int) -> Command | None:
    """One command."""
    row = await unit.first(select(COMMANDS).where(COMMANDS.c.id == number))
    return None if row is None else to_command(row)


async def page(
    unit: Unit, station_id: int, *, status: str | None, after: Cursor | None, limit: int
) -> Sequence[Row[Any]]:
    """A station's commands, the newest first; one more than `limit`."""
    query = select(COMMANDS).where(COMMANDS.c.station_id == station_id)
    if status is not None:
        query = query.where(COMMANDS.c.status == status)
    if after is not None:
        query = query.where(COMMANDS.c.id < after.id)
    return await unit.all(query.order_by(COMMANDS.c.id.desc()).limit(limit + 1))


async def last_actions(unit: Unit, station_id: int, limit: int) -> list[str]:
    """The actions that were sent last, each once, the newest first; looked for among the station's last hundred."""
    query = select(COMMANDS.c.action).where(COMMANDS.c.station_id == station_id)
    rows = await unit.all(query.order_by(COMMANDS.c.id.desc()).limit(100))
    return list(dict.fromkeys(str(row.action) for row in rows))[:limit]


async def without_end(unit: Unit, station_id: int) -> list[Command]:
    """What may wait for a station and has no end yet, in order: what waits, and what is on its way."""
    query = select(COMMANDS).where(COMMANDS.c.station_id == station_id, COMMANDS.c.status.in_(["queued", "sent"]))
    return [
        to_command(row)
        for row in await unit.all(query.where(COMMANDS.c.expires_at.is_not(None)).order_by(COMMANDS.c.id))
    ]


async def has_queued(unit: Unit, station_id: int) -> bool:
    """Whether anything waits for a station."""
    query = select(COMMANDS.c.id).where(COMMANDS.c.station_id == station_id, COMMANDS.c.status == "queued")
    return await unit.first(query) is not None


async def unfinished(db: Database, before: datetime) -> list[tuple[int, Command]]:
    """Every command that has been on its way since before this moment, with its tenant."""
    query = select(COMMANDS).where(COMMANDS.c.status == "sent", COMMANDS.c.sent_at < before)
    return [(row.tenant_id, to_command(row)) for row in await db.across_tenants(query)]


async def awaited(db: Database) -> list[tuple[int, int]]:
    """(tenant, station) of every command that waits."""
    query = select(COMMANDS.c.tenant_id, COMMANDS.c.station_id).where(COMMANDS.c.status == "queued").distinct()
    return [(row.tenant_id, row.station_id) for row in await db.across_tenants(query)]


async def overdue(db: Database) -> list[tuple[int, Command]]:
    """Every waiting command whose time is over, with its tenant."""
    query = select(COMMANDS).where(COMMANDS.c.status == "queued", COMMANDS.c.expires_at < db.clock())
    return [(row.tenant_id, to_command(row)) for row in await db.across_tenants(query)]


def to_command(row: Row[Any]) -> Command:
    """The row as a value."""
    fields = row._mapping  # noqa: SLF001 - SQLAlchemy's public name for it
    return Command(**{name: fields[name] for name in Command.__struct_fields__})
