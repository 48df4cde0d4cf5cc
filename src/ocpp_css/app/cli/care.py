"""`ocpp-css db`, `doctor`, `config`: care of a running installation."""

import dataclasses
import shutil
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import uvloop
from cyclopts import App, Parameter

from ocpp_css.app.settings import DATABASE_FILE, SECRET_FILE, Settings
from ocpp_css.kit.errors import Refusal

Data = Annotated[Path, Parameter(help="The directory of the service's data.")]
DatabaseUrl = Annotated[str | None, Parameter(help="postgresql://…; without it SQLite in --data.")]
HERE = Path("ocpp-css-data")
LEAST_FREE_BYTES = 1 << 30


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
    app.command(doctor)


def show(settings: Annotated[Settings | None, Parameter(name="*")] = None) -> None:
    """Show the settings as they would count now; passwords in addresses are hidden."""
    for field in dataclasses.fields(Settings):
        value = getattr(settings or Settings(), field.name)
        _say(f"{field.name} = {_hidden(str(value)) if field.name in {'database', 'bus'} else value}")


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
        _check_file(data / DATABASE_FILE)
    _say(f"ok: revision {current}")


def backup(target: Path, *, data: Data = HERE) -> None:
    """Copy the embedded database and the secret key to a directory, also while the service runs."""
    target.mkdir(parents=True, exist_ok=True)
    _copy(data / DATABASE_FILE, target / DATABASE_FILE)
    _check_file(target / DATABASE_FILE)
    _copy_key(data / SECRET_FILE, target / SECRET_FILE)
    _say(f"ok: {target} ({(target / DATABASE_FILE).stat().st_size} bytes)")


def restore(source: Path, *, data: Data = HERE) -> None:
    """Put a backup in the place of an embedded database; refused where one stands already."""
    if (data / DATABASE_FILE).exists():
        raise CareRefused(f"{data / DATABASE_FILE} is there; move it away first.")
    _check_file(source / DATABASE_FILE)
    data.mkdir(parents=True, exist_ok=True)
    _copy(source / DATABASE_FILE, data / DATABASE_FILE)
    _copy_key(source / SECRET_FILE, data / SECRET_FILE)
    _say(f"ok: {data}")


def doctor(*, data: Data = HERE, database: DatabaseUrl = None, url: str = "http://127.0.0.1:8080") -> None:
    """Look at the installation: database, key, disk, and the running service; 1 when something is wrong."""
    settings = Settings(data=data, database=database)
    checks: list[tuple[str, Callable[[], str]]] = [
        ("database", lambda: _database_health(settings)),
        ("secret key", lambda: _key_health(data / SECRET_FILE)),
        ("disk", lambda: _disk_health(data)),
        ("service", lambda: _service_health(url)),
    ]
    is_well = True
    for name, look in checks:
        try:
            _say(f"ok    {name}: {look()}")
        except (Refusal, OSError) as trouble:
            is_well = False
            _say(f"WRONG {name}: {trouble}")
    if not is_well:
        raise CareRefused("Something is wrong; see above.")


def _database_health(settings: Settings) -> str:
    from ocpp_css.storage import migrating

    if settings.database is None:
        _check_file(settings.data / DATABASE_FILE)
    current = uvloop.run(migrating.revision(settings.database_url))
    if current != migrating.newest():
        raise CareRefused(f"revision {current}, the program needs {migrating.newest()}: run ocpp-css db upgrade")
    return f"revision {current}"


def _key_health(path: Path) -> str:
    if path.stat().st_mode & 0o077:
        raise CareRefused(f"{path} can be read by others: chmod 600 {path}")
    return "only its owner can read it"


def _disk_health(data: Path) -> str:
    free = shutil.disk_usage(data).free
    if free < LEAST_FREE_BYTES:
        raise CareRefused(f"{free >> 20} MiB are left on the disk of {data}")
    return f"{free >> 30} GiB are free"


def _service_health(url: str) -> str:
    import httpx

    try:
        answer = httpx.get(f"{url.rstrip('/')}/health/ready", timeout=5)
    except httpx.HTTPError as fault:
        raise CareRefused(f"{url} does not answer ({fault}); --url names another address") from None
    told = answer.json()
    if answer.status_code != 200:
        raise CareRefused(f"{url} is not ready: {told['checks']}")
    return f"{url} is ready"


def _copy_key(source: Path, target: Path) -> None:
    target.touch(mode=0o600)
    target.write_bytes(source.read_bytes())


def _copy(source: Path, target: Path) -> None:
    """SQLite's own online copy: a consistent state, whatever is being written."""
    if not source.exists():
        raise CareRefused(f"There is no database at {source}.")
    old, new = sqlite3.connect(f"file:{source}?mode=ro", uri=True), sqlite3.connect(target)
    try:
        old.backup(new)
        new.execute("PRAGMA journal_mode=DELETE")
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
