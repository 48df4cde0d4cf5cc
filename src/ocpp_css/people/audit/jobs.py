"""Timed work of the audit log: noting its ends outside of the database, forgetting what is too old."""

import asyncio
from datetime import timedelta

import structlog

from ocpp_css.kit.secrets import Secrets
from ocpp_css.people.audit import store
from ocpp_css.people.audit.service.anchors import Anchor
from ocpp_css.people.audit.service.keeping import adopt, prune
from ocpp_css.storage import PROVIDER, Database
from ocpp_css.storage.chains import End, mark, marked

NOTED_EACH_S = 10.0
PRUNED_EACH = 360
"""Every so many notes what is too old is removed: once an hour."""
ADOPTED = "audit.adopted"
_log = structlog.get_logger(__name__)


class Keeper:
    """Keeps the log from the start of the service to its end."""

    def __init__(self, db: Database, anchor: Anchor, keep: timedelta) -> None:
        self._db = db
        self._anchor = anchor
        self._keep = keep
        self._task: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        """Put what was entered before there were chains into them, once; then work by the clock."""
        await adopt_once(self._db)
        self._task = asyncio.create_task(self._run(), name="keep-audit")

    async def end(self) -> None:
        """Note the ends once more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._quietly(0)

    async def _run(self) -> None:
        turn = 0
        while True:
            await self._quietly(turn)
            await asyncio.sleep(NOTED_EACH_S)
            turn += 1

    async def _quietly(self, turn: int) -> None:
        """A database that fails, or a full disk, is met again at the next turn."""
        try:
            await self._anchor.note(self._db)
            if turn % PRUNED_EACH == 1:
                for account in await store.accounts(self._db):
                    await prune(self._db, account, self._keep)
        except Exception:  # noqa: BLE001 - whatever the fault, the next turn tries again
            await _log.aexception("audit_not_kept")


async def adopt_once(db: Database) -> None:
    """Entries of the versions before this one get their links; later ones without are somebody else's."""
    if await marked(db.unit(PROVIDER), db.chains, ADOPTED):
        return
    for account in await store.accounts(db):
        await adopt(db, account)
    unit = db.unit(PROVIDER)
    mark(unit, db.chains, ADOPTED, End(1, ""))
    await unit.commit()


def keeper_of(db: Database, secrets: Secrets, settings: object) -> Keeper:
    """The keeper as the settings want it."""
    days: int = settings.keep_audit_days  # type: ignore[attr-defined]
    return Keeper(db, Anchor(settings.data, secrets), timedelta(days=days))  # type: ignore[attr-defined]
