"""Timed work of access: what nobody can use any more is removed."""

import asyncio
from datetime import timedelta

import structlog

from ocpp_css.people import accounts
from ocpp_css.people.access.service import former
from ocpp_css.people.access.service.tries import FORGOTTEN_AFTER
from ocpp_css.people.access.store import invitations, proofs
from ocpp_css.people.access.store import sessions as store
from ocpp_css.storage import PROVIDER, Database

INTERVAL_S = 3600.0
KEPT_FOR = timedelta(days=30)
"""Ended sessions are kept so long: their address counts as known at sign-in."""
PLACES_KEPT_FOR = timedelta(days=180)
_AT_ONCE = 5000
_log = structlog.get_logger(__name__)


async def tidy(db: Database) -> int:
    """Remove sessions that ended a month ago and counts of tries that are a day old; how many rows there were."""
    unit = db.unit(PROVIDER)
    sessions = await store.over_before(unit, unit.now - KEPT_FOR, _AT_ONCE)
    places = await store.attempts_before(unit, unit.now - FORGOTTEN_AFTER, _AT_ONCE)
    for user_id, mark in await proofs.places_before(unit, unit.now - PLACES_KEPT_FOR, _AT_ONCE):
        proofs.forget_place(unit, user_id, mark)
    await accounts.tidy(unit, _AT_ONCE)
    await former.tidy(unit, _AT_ONCE)
    for invitation_id in await invitations.over_before(unit, unit.now - KEPT_FOR, _AT_ONCE):
        invitations.remove(unit, invitation_id)
    for session_id in sessions:
        store.remove(unit, session_id)
    for place in places:
        store.forget_attempts(unit, place)
    await unit.commit()
    return len(sessions) + len(places)


async def tidy_regularly(db: Database) -> None:
    """Tidy each hour, until cancelled; a database that fails once is asked again."""
    while True:
        await asyncio.sleep(INTERVAL_S)
        try:
            await tidy(db)
        except Exception:  # noqa: BLE001 - whatever the fault, the next hour tries again
            await _log.aexception("tidying_failed")
