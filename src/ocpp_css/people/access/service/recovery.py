"""A forgotten password: the mailbox alone opens nothing at once (TRUST I5, I11).

The code of a letter, and beside it the second factor; without one a device that is known; without both a day's wait,
in which the warning that went out can stop it.
"""

from datetime import timedelta
from typing import NamedTuple

import msgspec

from ocpp_css.edge.principal import Principal
from ocpp_css.kit.errors import Conflict
from ocpp_css.kit.ids import public
from ocpp_css.people import accounts, audit
from ocpp_css.people.access.model import Device
from ocpp_css.people.access.service import disowned, former
from ocpp_css.people.access.service.letters import PASSWORD_CHANGED, RECOVERY_BEGAN, SECURITY, person_of, warn
from ocpp_css.people.access.service.members import home
from ocpp_css.people.access.service.places import Places
from ocpp_css.people.access.service.second_factor import SecondFactors
from ocpp_css.people.access.service.sessions import Sessions
from ocpp_css.people.access.service.tries import Tries
from ocpp_css.people.access.store import proofs as store
from ocpp_css.people.accounts import Challenges, ChallengeSpent, CodeWrong, LinkSpent, Passwords, User
from ocpp_css.people.notices import Attachment, Notice, Post
from ocpp_css.storage import PROVIDER, Database, Unit

WAIT = timedelta(hours=24)
NEW = "/console/recovery/new/"
_OPEN_FOR = timedelta(minutes=30)
_AFTER_WAIT = timedelta(hours=48)
LETTERS_A_DAY = 5


def _(text: str) -> str:
    """Marks a text for translation; it is translated where it is shown."""
    return text


_CODE = Notice(
    category="security", title=_("Your code to set a new password"),
    text=_("Type this code into the page where you asked for a new password. It works for ten minutes. If you asked "
           "for nothing, nothing has to be done: the code is of no use to others."),
)  # fmt: skip
_LINK = Notice(
    category="security", title=_("Set a new password"),
    text=_("You asked for a new password a day ago. This link works once, for two days."),
    action=_("Set a new password"),
)  # fmt: skip

_UNDONE = Notice(
    category="security", title=_("What was done while it was not you"),
    text=_("You said that it was not you. API keys that were made in your name from then on are revoked, and "
           "invitations are taken back. Make anew what you had made yourself, and look at the rest."),
    path=SECURITY, action=_("See your security settings"),
)  # fmt: skip


class Asked(msgspec.Struct, frozen=True):
    """What is sealed beside the question: for whom, 0 where nobody has the address."""

    user_id: int


class Opened(NamedTuple):
    """The token of the page for the new password; empty where the person has to wait for a letter."""

    token: str


class Recovery:
    """Lets people set a new password."""

    def __init__(
        self, db: Database, passwords: Passwords, challenges: Challenges, post: Post, sessions: Sessions,
        factors: SecondFactors, *, places: Places, tries: Tries,
    ) -> None:  # fmt: skip
        self._db = db
        self._passwords = passwords
        self._challenges = challenges
        self._post = post
        self._sessions = sessions
        self._factors = factors
        self._places = places
        self._tries = tries

    async def ask(self, login: str) -> str:
        """Send a code where somebody has this name; the token of the page, the same for everybody (TRUST A63)."""
        unit = self._db.unit(PROVIDER)
        user = await accounts.find_login(unit, login)
        asked = self._challenges.ask(
            unit,
            "recovery",
            msgspec.json.encode(Asked(user.user_id if user else 0)),
            user_id=user.user_id if user else 0,
        )
        if await self._tries.allow(unit, f"recovery:{login.casefold()}", LETTERS_A_DAY) and user is not None:
            self._post.write(unit, person_of(user), _CODE, Attachment(code=asked.code))
        await unit.commit()
        return asked.token

    async def open(self, token: str, code: str, device: Device) -> Opened:
        """Hear the code; what it opens depends on what else is known of the person."""
        challenge = await self._challenges.answer(token, "recovery", code)
        user_id = msgspec.json.decode(self._challenges.body(challenge), type=Asked).user_id
        unit = self._db.unit(PROVIDER)
        self._challenges.spend(unit, challenge)
        user = await accounts.get(unit, user_id)
        await accounts.drop_links(unit, user_id, "recovery")
        is_sure = await self._factors.is_on(unit, user_id) or await self._places.is_known(unit, user_id, device)
        if is_sure:
            opened = accounts.create_link(unit, user_id, "recovery", _OPEN_FOR)
        else:
            opened = ""
            link = accounts.create_link(unit, user_id, "recovery", WAIT + _AFTER_WAIT)
            self._post.write(unit, person_of(user), _LINK, Attachment(path=NEW + link), after=WAIT)
            await warn(self._post, unit, user, RECOVERY_BEGAN, device)
        try:
            await unit.commit()
        except Conflict:
            raise ChallengeSpent from None
        return Opened(opened)

    async def needs_factor(self, token: str) -> bool:
        """Whether the page of this link asks for a code; LinkSpent where it does not work."""
        unit = self._db.unit(PROVIDER)
        link = await accounts.standing(unit, token, "recovery")
        return await self._factors.is_on(unit, link.user_id or 0)

    async def set_password(self, token: str, password: str, code: str, device: Device) -> None:
        """Set the new password, end all sessions, lift a freeze; of many at once one does (TRUST A64)."""
        unit = self._db.unit(PROVIDER)
        link = await accounts.standing(unit, token, "recovery")
        user = await accounts.get(unit, link.user_id or 0)
        await self._passwords.judge(password, accounts.own_words(user.email, user.display_name), field="new_password")
        if await self._factors.is_on(unit, user.user_id):
            await self._tries.count(f"factor:{user.user_id}")
            if not await self._factors.check(user.user_id, code):
                raise CodeWrong
        unit = self._db.unit(PROVIDER)
        await accounts.redeem(unit, token, "recovery")
        user = await accounts.get(unit, user.user_id)
        who = Principal("user", user.user_id, user.display_name, await home(unit, user.user_id), address=device.address)
        await self._settle(unit, user, who)
        accounts.restore(unit, user, await self._passwords.hash(password))
        await self._sessions.end_all(unit, who, user.user_id)
        audit.record(unit, who, "user.recovered", "user", public(user.user_id))
        await warn(self._post, unit, user, PASSWORD_CHANGED, device)
        try:
            await unit.commit()
        except Conflict:
            raise LinkSpent from None

    async def _settle(self, unit: Unit, user: User, who: Principal) -> None:
        """Close what the person reported: first whatever was made in their name meanwhile is undone."""
        reported = await store.incidents(unit, user.user_id)
        if not reported:
            return
        since = min(disowned.began(one) for one in reported)
        await disowned.undo(self._db, who, since)
        found = await disowned.look(self._db, user.user_id, since)
        await former.settle(unit, user.user_id, since)
        for incident in reported:
            store.close_incident(unit, incident, [one for one in found if one.at >= disowned.began(incident)])
        if found:
            names = ", ".join(one.name for one in found if one.kind == "api_key")
            facts = [(_("API keys"), names)] if names else []
            await self._post.tell(unit, person_of(user), msgspec.structs.replace(_UNDONE, facts=facts))
