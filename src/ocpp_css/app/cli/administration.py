"""`ocpp-css admin`: set-up without the page, also while the service runs."""

import sys
from typing import Annotated, Any

import msgspec
import uvloop
from cyclopts import App, Parameter

from ocpp_css.app.cli.care import Where, settings_of
from ocpp_css.app.settings import Settings

AsJson = Annotated[bool, Parameter(name="--json", help="Print what was made as JSON.", negative="")]


def register(app: App) -> None:
    """Add the commands."""
    admin = App(name="admin", help="Accounts and keys without the page, also while the service runs.")
    app.command(admin)

    @admin.command(name="create-account")
    def create_account(
        name: str,
        *,
        email: str,
        password_stdin: Annotated[bool, Parameter(negative="")] = False,
        where: Annotated[Where | None, Parameter(name="*")] = None,
        as_json: AsJson = False,
    ) -> None:
        """Make an account and its owner; the password comes from standard input."""
        password = _password(from_stdin=password_stdin)
        _show(uvloop.run(_create_account(settings_of(where), name, email, password)), as_json=as_json)

    @admin.command(name="create-api-key")
    def create_api_key(
        account: str,
        *,
        name: str,
        scope: list[str] | None = None,
        where: Annotated[Where | None, Parameter(name="*")] = None,
        as_json: AsJson = False,
    ) -> None:
        """Make an API key of an account (its id or name); a scope is a permission or `*`."""
        _show(uvloop.run(_create_api_key(settings_of(where), account, name, scope or ["*"])), as_json=as_json)


def _password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    from getpass import getpass

    return getpass("Password: ")


async def _create_account(settings: Settings, name: str, email: str, password: str) -> dict[str, Any]:
    from ocpp_css.people.access import commands

    db = await open_for(settings)
    try:
        return await commands.create_account(db, name=name, email=email, password=password)
    finally:
        await db.close()


async def _create_api_key(settings: Settings, account: str, name: str, scopes: list[str]) -> dict[str, Any]:
    from ocpp_css.people.access import commands

    db = await open_for(settings)
    try:
        return await commands.create_api_key(db, account=account, name=name, scopes=scopes)
    finally:
        await db.close()


async def open_for(settings: Settings) -> Any:
    """The database; all areas are loaded, so that migrations know every table."""
    from ocpp_css.assembly import find_areas
    from ocpp_css.bus import InProcessBus
    from ocpp_css.kit.clock import system_clock
    from ocpp_css.storage.opening import open_database

    find_areas("ocpp_css")
    return await open_database(settings.database_url, InProcessBus(), system_clock, settings.vault())


def _show(made: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(msgspec.json.encode(made).decode() + "\n")
        return
    for name, value in made.items():
        sys.stdout.write(f"{name}: {value}\n")
