"""`ocpp-css mail`: what mail servers have to say."""

import sys
from typing import Annotated

import uvloop
from cyclopts import App, Parameter

from ocpp_css.app.cli.administration import open_for
from ocpp_css.app.cli.care import Where, settings_of
from ocpp_css.app.settings import Settings


def register(app: App) -> None:
    """Add the commands."""
    mail = App(name="mail", help="What mail servers have to say of letters.")
    mail.command(bounce)
    app.command(mail)


def bounce(where: Annotated[Where | None, Parameter(name="*")] = None) -> None:
    """Read a delivery status notification (RFC 3464) from standard input: the letter that it is about came back.

    For a pipe from the mail server that takes mail to the address of `--smtp-from`, also while the service runs.
    """
    from ocpp_css.people.notices.service.returns import LARGEST

    report = sys.stdin.buffer.read(LARGEST)
    sys.stdout.write(uvloop.run(_bounced(settings_of(where), report)) + "\n")


async def _bounced(settings: Settings, report: bytes) -> str:
    from ocpp_css.people.notices import commands

    db = await open_for(settings)
    try:
        return await commands.bounced(db, report)
    finally:
        await db.close()
