"""Freezing: somebody says "this was not me", and nobody gets in until the person recovers the access."""

from datetime import datetime

import msgspec
import structlog

from ocpp_css.edge.principal import Principal
from ocpp_css.kit.errors import Conflict
from ocpp_css.kit.ids import public
from ocpp_css.people import accounts, audit
from ocpp_css.people.access.model import Device, Incident
from ocpp_css.people.access.service import disowned, former
from ocpp_css.people.access.service.letters import person_of
from ocpp_css.people.access.service.members import home
from ocpp_css.people.access.service.sessions import Sessions
from ocpp_css.people.access.store import proofs as store
from ocpp_css.people.accounts import LinkSpent, User
from ocpp_css.people.notices import Notice, Post
from ocpp_css.storage import PROVIDER, Database, Unit

_log = structlog.get_logger(__name__)


def _(text: str) -> str:
    """Marks a text for translation; it is translated where it is shown."""
    return text


FROZEN = Notice(
    category="security", title=_("Your access is frozen"),
    text=_("Somebody followed the link that says: this was not me. All sessions have ended, and nobody can sign in. "
           "Set a new password to get back in. Support has been told."),
    path="/console/recovery", action=_("Set a new password"),
)  # fmt: skip


ADDRESS_BACK = Notice(
    category="security", title=_("This address is not yours to sign in with any more"),
    text=_("Somebody said of the change to this address: this was not me. Letters go to the address of before, and "
           "nobody can sign in. If it was you who changed it, ask support."),
)  # fmt: skip
_TRIES = 20
"""A thief who keeps changing something keeps nobody from saying so."""


class Guard:
    """Freezes the access of people."""

    def __init__(self, db: Database, sessions: Sessions, post: Post) -> None:
        self._db = db
        self._sessions = sessions
        self._post = post

    async def freeze(self, token: str, device: Device) -> None:
        """Freeze the access of the person whom this link was sent to; LinkSpent where it does not work.

        What gives access and was made in their name since then is undone, after the freeze, when nobody makes more.
        """
        for _again in range(_TRIES):
            try:
                who, since = await self._freeze(token, device)
                break
            except Conflict:
                continue
        else:
            raise LinkSpent
        await disowned.undo(self._db, who, since)
        await _log.awarning("access_frozen", address=device.address)

    async def _freeze(self, token: str, device: Device) -> tuple[Principal, datetime]:
        """Who is frozen now, and since when somebody else may have acted as them; Conflict where they are changed."""
        unit = self._db.unit(PROVIDER)
        link = await accounts.redeem(unit, token, "not_me")
        user = await accounts.get(unit, link.user_id or 0)
        who = Principal("user", user.user_id, user.display_name, await home(unit, user.user_id), address=device.address)
        await self._sessions.end_all(unit, who, user.user_id)
        await store.forget_places(unit, user.user_id)
        await accounts.Challenges.drop(unit, user.user_id)
        for purpose in ("recovery", "sign_in"):
            await accounts.drop_links(unit, user.user_id, purpose)
        since = link.since or link.created_at
        back = await self._give_back(unit, user, who, since)
        incident = Incident(
            incident_id=unit.new_id(), user_id=user.user_id, at=unit.now, address=device.address,
            user_agent=device.user_agent[:300], closed_at=None, version=1, since=since,
            found=await disowned.look(self._db, user.user_id, since),
        )  # fmt: skip
        store.add_incident(unit, incident)
        told = {"incident": public(incident.incident_id), "changed_back": back}
        audit.record(unit, who, "user.frozen", "user", public(user.user_id), None, told)
        await unit.commit()
        return who, since

    async def _give_back(self, unit: Unit, user: User, who: Principal, since: datetime) -> list[str]:
        """Freeze the person at the address they had before that time, or any that was reported before and goes on."""
        reported = [disowned.began(one) for one in await store.incidents(unit, user.user_id)]
        email, changed = await former.give_back(unit, user, min([since, *reported]))
        await accounts.freeze(unit, user, email)
        await self._post.tell(unit, person_of(msgspec.structs.replace(user, email=email)), FROZEN)
        if changed:
            what = public(user.user_id), None, {"changed": changed}
            audit.record(unit, who, "user.changed_back", "user", *what, reason=disowned.REASON)
        if email != user.email:
            self._post.write(unit, person_of(user), ADDRESS_BACK)
        return changed
