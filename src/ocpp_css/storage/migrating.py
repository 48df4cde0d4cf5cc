"""Migrations: one set for both databases, run at start or by `ocpp-css db upgrade`."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.schema import SchemaItem

from ocpp_css.kit.errors import Refusal
from ocpp_css.storage.partitions import MARK
from ocpp_css.storage.policies import EVERY

T = TypeVar("T")
FOLDER = Path(__file__).parent / "migrations"


class NotUpToDate(Refusal):
    """The database is older or newer than the program, and may not be changed."""

    code = "database_not_up_to_date"
    status = 503
    title = "The database is not up to date"


async def bring_up_to_date(url: str, *, migrate: bool) -> None:
    """Upgrade the database to the program's newest revision; NotUpToDate where that is not allowed."""
    current = await revision(url)
    if current == newest():
        return
    if not migrate:
        raise NotUpToDate(
            "The database is at revision {current}, the program needs {newest}. Run: ocpp-css db upgrade",
            current=current or "none",
            newest=newest(),
        )
    await _run(url, _upgrade)


async def revision(url: str) -> str | None:
    """The revision a database is at; None for an empty one."""
    return await _run(url, lambda connection: MigrationContext.configure(connection).get_current_revision())


def newest() -> str:
    """The program's newest revision."""
    return str(ScriptDirectory(str(FOLDER)).get_current_head())


def config(connection: Connection | None = None) -> Config:
    """Alembic's settings; the environment takes the open connection."""
    settings = Config()
    settings.set_main_option("script_location", str(FOLDER))
    settings.attributes["connection"] = connection
    return settings


def belongs(dialect: str) -> Callable[..., bool]:
    """Whether one of the program's tables or indexes is there in this kind of database."""

    def is_there(item: SchemaItem, *_about: object) -> bool:
        return bool(item.info.get("only", dialect) == dialect)

    return is_there


def is_no_partition(name: str | None, kind: str, _parents: object) -> bool:
    """Whether a name in the database is one that the program's tables are compared with."""
    return kind != "table" or MARK not in (name or "")


def _upgrade(connection: Connection) -> None:
    command.upgrade(config(connection), "head")


async def _run(url: str, work: Callable[[Connection], T]) -> T:
    engine = create_async_engine(
        url.replace("sqlite:///", "sqlite+aiosqlite:///", 1).replace("postgresql://", "postgresql+asyncpg://", 1),
        connect_args={} if url.startswith("sqlite") else {"server_settings": {EVERY: "on"}},
    )
    try:
        async with engine.begin() as connection:
            return await connection.run_sync(work)
    finally:
        await engine.dispose()
