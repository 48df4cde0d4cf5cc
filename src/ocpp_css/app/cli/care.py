"""`ocpp-css db`, `config`: care of a running installation."""

import dataclasses
import sqlite3
import sys
from pathlib import Path
from typing import Annotated

import uvloop
from cyclopts import App, Parameter

from ocpp_css.app.settings import DATABASE_FILE, KEK_FILE, PEOPLE_FILE, SECRET_FILE, Settings
from ocpp_css.kit.errors import Refusal

Data = Annotated[Path, Parameter(help="The directory of the service's data.")]
DatabaseUrl = Annotated[str | None, Parameter(help="postgresql://…; without it SQLite in --data.")]
Keys = Annotated[
    Path | None, Parameter(help="The directory of the copy of people's keys; without it the one above the backup.")
]
HERE = Path("ocpp-css-data")
ADDRESSES = {"database", "bus", "people_keys"}
"""Settings that may hold a password."""
ANCHOR_FILE = "audit.anchor"
PEOPLE_MARK = "people keys"
OWNER_ONLY = 0o600
"""Copies hold what people did, and what their passwords are checked with."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """The installation that a command works on, and the keys of its people where they are not in `data`."""

    data: Data = HERE
    database: DatabaseUrl = None
    people_keys: Annotated[str | None, Parameter(help="As for serve.")] = None
    people_kek: Annotated[str | None, Parameter(help="As for serve; set it in the environment.")] = None


def settings_of(where: Where | None) -> Settings:
    """The settings of this installation."""
    return Settings(**dataclasses.asdict(where or Where()))


class CareRefused(Refusal):
    """The database is not what it should be, or not there."""

    code = "care_refused"
    title = "This cannot be done"


def register(app: App) -> None:
    """Add the commands."""
    database = App(name="db", help="The database: upgrade, check, backup, restore.")
    for command in (upgrade, check, backup, restore):
        database.command(command)
    settings = App(name="config", help="Settings.")
    settings.command(show)
    for group in (database, settings):
        app.command(group)


def show(settings: Annotated[Settings | None, Parameter(name="*")] = None) -> None:
    """Show the settings as they would count now; passwords in addresses and the token of the metrics are hidden."""
    for field in dataclasses.fields(Settings):
        value = str(getattr(settings or Settings(), field.name))
        if field.name in {"metrics_token", "people_kek"} and value != "None":
            value = "…"
        _say(f"{field.name} = {_hidden(value) if field.name in ADDRESSES else value}")


def _hidden(url: str) -> str:
    head, mark, tail = url.rpartition("@")
    return f"{head.partition('://')[0]}://…@{tail}" if mark else url


def upgrade(*, data: Data = HERE, database: DatabaseUrl = None) -> None:
    """Bring the database to the program's revision."""
    from ocpp_css.assembly import find_areas
    from ocpp_css.storage import migrating

    find_areas("ocpp_css")
    data.mkdir(parents=True, exist_ok=True)
    uvloop.run(migrating.bring_up_to_date(Settings(data=data, database=database).database_url, migrate=True))
    _say(f"the database is at revision {migrating.newest()}")


def check(*, data: Data = HERE, database: DatabaseUrl = None) -> None:
    """Check that the database is whole and at the program's revision."""
    from ocpp_css.storage import migrating

    current = uvloop.run(migrating.revision(Settings(data=data, database=database).database_url))
    if current != migrating.newest():
        raise CareRefused(f"The database is at revision {current}, the program needs {migrating.newest()}.")
    if database is None:
        check_file(data / DATABASE_FILE)
    _say(f"ok: revision {current}")


def backup(target: Path, *, data: Data = HERE, keys: Keys = None) -> None:
    """Copy the embedded database and the secret key to a directory, also while the service runs.

    The keys of people are copied to another place, over the copy that is there: only their newest copy is kept, since
    older ones would still open what was sealed for people whose key is destroyed.
    """
    target.mkdir(parents=True, exist_ok=True)
    _copy(data / DATABASE_FILE, target / DATABASE_FILE)
    check_file(target / DATABASE_FILE)
    _copy_key(data / SECRET_FILE, target / SECRET_FILE)
    _say(f"ok: {target} ({(target / DATABASE_FILE).stat().st_size} bytes)")
    if (data / PEOPLE_FILE).exists():
        _copy_people(data, keys or target.absolute().parent)


def _copy_people(source: Path, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    _copy(source / PEOPLE_FILE, target / PEOPLE_FILE)
    if (source / KEK_FILE).exists():
        _copy_key(source / KEK_FILE, target / KEK_FILE)
    _say(f"the keys of people: {target / PEOPLE_FILE}")


def restore(source: Path, *, data: Data = HERE, keys: Keys = None) -> None:
    """Put a backup in the place of an embedded database; refused where one stands already.

    Keys of people that are in the directory stay as they are: what was destroyed since the backup stays destroyed.
    Without any the service starts, and names, addresses and passwords of people are lost.
    """
    if (data / DATABASE_FILE).exists():
        raise CareRefused(f"{data / DATABASE_FILE} is there; move it away first.")
    check_file(source / DATABASE_FILE)
    data.mkdir(parents=True, exist_ok=True)
    _copy(source / DATABASE_FILE, data / DATABASE_FILE)
    _copy_key(source / SECRET_FILE, data / SECRET_FILE)
    (data / ANCHOR_FILE).unlink(missing_ok=True)
    _restore_people(keys or source.absolute().parent, data)
    _say(f"ok: {data}")


def _restore_people(source: Path, data: Path) -> None:
    if (data / PEOPLE_FILE).exists():
        _say(f"the keys of people: {data / PEOPLE_FILE}, as they stand there")
    elif (source / PEOPLE_FILE).exists():
        _copy_people(source, data)
    else:
        _say(f"the keys of people are not at {source}: what is known of people cannot be read; --keys names their copy")
        connection = sqlite3.connect(data / DATABASE_FILE)
        with connection:
            connection.execute("DELETE FROM counters WHERE name = ?", (PEOPLE_MARK,))
        connection.close()


def _copy_key(source: Path, target: Path) -> None:
    target.touch(mode=OWNER_ONLY)
    target.write_bytes(source.read_bytes())


def _copy(source: Path, target: Path) -> None:
    """SQLite's own online copy: a consistent state, whatever is being written."""
    if not source.exists():
        raise CareRefused(f"There is no database at {source}.")
    target.touch(mode=OWNER_ONLY)
    old, new = sqlite3.connect(f"file:{source}?mode=ro", uri=True), sqlite3.connect(target)
    try:
        old.backup(new)
        new.execute("PRAGMA journal_mode=DELETE")
    finally:
        old.close()
        new.close()


def check_file(path: Path) -> None:
    """Raise where an embedded database is not there or not whole."""
    if not path.exists():
        raise CareRefused(f"There is no database at {path}.")
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        found = connection.execute("PRAGMA integrity_check").fetchone()[0]
    except sqlite3.DatabaseError as fault:
        found = str(fault)
    finally:
        connection.close()
    if found != "ok":
        raise CareRefused(f"{path} is damaged: {found}")


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
