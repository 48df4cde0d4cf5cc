"""The audit log seen from the command line."""

from collections.abc import Sequence
from pathlib import Path

from ocpp_css.bus import InProcessBus
from ocpp_css.kit.clock import system_clock
from ocpp_css.kit.secrets import Secrets
from ocpp_css.people.audit.model import Trouble
from ocpp_css.people.audit.service.anchors import Anchor
from ocpp_css.people.audit.service.checking import check
from ocpp_css.people.audit.store import AUDIT
from ocpp_css.storage import Database
from ocpp_css.storage.chains import ends
from ocpp_css.storage.people_keys import PeopleKeys
from ocpp_css.storage.sealing import Vault


async def verify(url: str, people: PeopleKeys, secrets: Secrets, folder: Path) -> tuple[Sequence[Trouble], int]:
    """What is wrong with the logs of all accounts, and how many entries were ever made.

    AnchorBroken where the note of their ends, in `folder`, is not the service's own.
    """
    anchors = Anchor(folder, secrets).read()
    db = Database(url, InProcessBus(), system_clock, Vault(people, secrets))
    try:
        found = await check(db, anchors)
        return found, sum(end.number for end in (await ends(db, AUDIT.name)).values())
    finally:
        await db.close()
