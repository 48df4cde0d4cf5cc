"""`ocpp-css db`, `doctor`, `config`: care of a running installation."""

import dataclasses
import sqlite3
import sys
from pathlib import Path
from typing import Annotated

import uvloop
from cyclopts import App, Parameter

from ocpp_css.app.settings import DATABASE_FILE, SECRET_FILE, Settings
from ocpp_css.kit.errors import Refusal

Data = Annotated[Path, Parameter(help="The directory of the service's data.")]
DatabaseUrl = Annotated[str | None, Parameter(help="postgresql://…; without it SQLite in --data.")]
HERE = Path("ocpp-css-data")


class CareRefused(Refusal):
    """The database is not what it should be, or not there."""

    code = "care_refused"
    title = "This cannot be done"


def register(app: App) -> None:
    """Add the commands."""
    app.command(_database())
    settings = App(name="config", help="Settings.")
    app.command(settings)

    @settings.command
    def show(settings: Annotated[Settings | None, Parameter(name="*")] = None) -> None:
        """Show the settings as they would count now; passwords in addresses are hidden."""
        for field in dataclasses.fields(Settings):
            value = getattr(settings or Settings(), field.name)
            _say(f"{field.name} = {_hidden(str(value)) if field.name == 'database' else value}")


def _hidden(url: str) -> str:
    head, mark, tail = url.rpartition("@")
    return f"{head.partition('://')[0]}://…@{tail}" if mark else url


def _database() -> App:
    database = App(name="db", help="The database: upgrade, check, backup, restore.")

    @database.command
    def upgrade(*, data: Data = HERE, database: DatabaseUrl = None) -> None:
        """Bring the database to the program's revision."""
        from ocpp_css.assembly import find_areas
        from ocpp_css.storage import migrating

        find_areas("ocpp_css")
        data.mkdir(parents=True, exist_ok=True)
        uvloop.run(migrating.bring_up_to_date(Settings(data=data, database=database).database_url, migrate=True))
        _say(f"the database is at revision {migrating.newest()}")

    @database.command
    def check(*, data: Data = HERE, database: DatabaseUrl = None) -> None:
        """Check that the database is whole and at the program's revision."""
        from ocpp_css.storage import migrating

        current = uvloop.run(migrating.revision(Settings(data=data, database=database).database_url))
        if current != migrating.newest():
            raise CareRefused(f"The database is at revision {current}, the program needs {migrating.newest()}.")
        if database is None:
            _check_file(data / DATABASE_FILE)
        _say(f"ok: revision {current}")

    @database.command
    def backup(target: Path, *, data: Data = HERE) -> None:
        """Copy the embedded database and the secret key to a directory, also while the service runs."""
        target.mkdir(parents=True, exist_ok=True)
        _copy(data / DATABASE_FILE, target / DATABASE_FILE)
        _check_file(target / DATABASE_FILE)
        key = target / SECRET_FILE
        key.touch(mode=0o600)
        key.write_bytes((data / SECRET_FILE).read_bytes())
        _say(f"ok: {target} ({(target / DATABASE_FILE).stat().st_size} bytes)")

    @database.command
    def restore(source: Path, *, data: Data = HERE) -> None:
        """Put a backup in the place of an embedded database; refused where one stands already."""
        if (data / DATABASE_FILE).exists():
            raise CareRefused(f"{data / DATABASE_FILE} is there; move it away first.")
        _check_file(source / DATABASE_FILE)
        data.mkdir(parents=True, exist_ok=True)
        _copy(source / DATABASE_FILE, data / DATABASE_FILE)
        key = data / SECRET_FILE
        key.touch(mode=0o600)
        key.write_bytes((source / SECRET_FILE).read_bytes())
        _say(f"ok: {data}")

    return database


def _copy(source: Path, target: Path) -> None:
    """SQLite's own online copy: a consistent state, whatever is being written."""
    if not source.exists():
        raise CareRefused(f"There is no database at {source}.")
    old, new = sqlite3.connect(f"file:{source}?mode=ro", uri=True), sqlite3.connect(target)
    try:
        old.backup(new)
    finally:
        old.close()
        new.close()


def _check_file(path: Path) -> None:
    if not path.exists():
        raise CareRefused(f"There is no database at {path}.")
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        found = connection.execute("PRAGMA integrity_check").fetchone()[0]
    finally:
        connection.close()
    if found != "ok":
        raise CareRefused(f"{path} is damaged: {found}")


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
