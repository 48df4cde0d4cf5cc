"""Signing in: with a name and a password, with a link, or as the first person of the service.

A new device or place is refused until a code confirms it, of a letter or of a generator (TRUST I6, USE-10).
"""

from typing import NamedTuple, NoReturn

import msgspec
import structlog

from ocpp_css.edge.principal import Principal
from ocpp_css.kit.errors import Conflict
from ocpp_css.kit.ids import public
from ocpp_css.people import accounts, audit, tenants
from ocpp_css.people.access.errors import SignInRefused
from ocpp_css.people.access.model import Device
from ocpp_css.people.access.service.letters import NEW_PLACE, NOT_ME, NOT_ME_FOR, person_of, warn, where
from ocpp_css.people.access.service.members import home, join
from ocpp_css.people.access.service.places import Places
from ocpp_css.people.access.service.second_factor import SecondFactors
from ocpp_css.people.access.service.sessions import Renewed, Sessions
from ocpp_css.people.access.service.tries import Tries
from ocpp_css.people.access.store import sessions as store
from ocpp_css.people.accounts import (
    Challenge,
    Challenges,
    ChallengeSpent,
    CodeWrong,
    LinkSpent,
    Passwords,
    PasswordWrong,
    User,
)
from ocpp_css.people.notices import Attachment, Notice, Post
from ocpp_css.storage import PROVIDER, Database, Unit

_LONGEST_LOGIN = 254
_log = structlog.get_logger(__name__)


def _(text: str) -> str:
    """Marks a text for translation; it is translated where it is shown."""
    return text


_CODE = Notice(
    category="security", title=_("Your code to sign in"),
    text=_("The right password was given on a device or at a place that is not known. Type this code there if it was "
           "you. It works for ten minutes."),
)  # fmt: skip


class Pending(msgspec.Struct, frozen=True):
    """A sign-in that waits for a code: whose, from where, and whether they want to stay signed in."""

    user_id: int
    mark: str
    wants_factor: bool
    is_kept: bool


class Entry(NamedTuple):
    """How far somebody got: a session's cookie, or the token of the page that asks for a code."""

    cookie: str = ""
    token: str = ""
    is_kept: bool = False


class SignIn:
    """The ways to a session."""

    def __init__(
        self, db: Database, passwords: Passwords, sessions: Sessions, challenges: Challenges, post: Post,
        factors: SecondFactors, *, places: Places, tries: Tries, has_mail: bool,
    ) -> None:  # fmt: skip
        self._db = db
        self._passwords = passwords
        self._sessions = sessions
        self._challenges = challenges
        self._post = post
        self._factors = factors
        self._places = places
        self._tries = tries
        self._has_mail = has_mail

    async def with_password(
        self, login: str, password: str, device: Device, replaces: str = "", *, is_kept: bool = False
    ) -> Entry:
        """Check name and password; SignInRefused says no more than that, SignInDelayed how long to wait.

        A try is counted before the password is looked at, so that many at once are as many tries.
        """
        unit = self._db.unit(PROVIDER)
        login = login.strip()[:_LONGEST_LOGIN]
        user = await accounts.find_login(unit, login)
        place = await self._place(unit, user, login, device)
        await self._tries.count(place)
        if not await accounts.verify(unit, self._passwords, user, password) or user is None:
            await self._refuse(user, device)
        self._tries.forget(unit, place)
        wants_factor = await self._factors.is_on(unit, user.user_id)
        if wants_factor or await self._is_new(unit, user, device):
            return await self._ask(unit, user, device, wants_factor=wants_factor, is_kept=is_kept)
        self._places.know(unit, user.user_id, device)
        cookie = await self._sessions.begin(unit, user, device, replaces=replaces, is_kept=is_kept)
        await unit.commit()
        return Entry(cookie, is_kept=is_kept)

    async def wants_factor(self, token: str) -> bool:
        """What the page of this token asks for: a generator's code, or the one of a letter."""
        return self._pending(await self._challenges.standing(token, "sign_in")).wants_factor

    async def with_code(self, token: str, code: str, device: Device, replaces: str = "") -> Entry:
        """Hear the code that a sign-in waits for; CodeWrong, ChallengeSpent, or SignInDelayed."""
        pending = self._pending(await self._challenges.standing(token, "sign_in"))
        if pending.mark != self._places.mark(device):
            raise ChallengeSpent
        await self._tries.count(f"factor:{pending.user_id}")
        if pending.wants_factor:
            challenge = await self._challenges.try_once(token, "sign_in")
            if not await self._factors.check(pending.user_id, code):
                raise CodeWrong
        else:
            challenge = await self._challenges.answer(token, "sign_in", code)
        unit = self._db.unit(PROVIDER)
        user = await accounts.get(unit, pending.user_id)
        if user.disabled_at is not None:
            raise ChallengeSpent
        self._challenges.spend(unit, challenge)
        self._tries.forget(unit, f"factor:{pending.user_id}")
        if not await self._places.is_known(unit, user.user_id, device):
            await warn(self._post, unit, user, NEW_PLACE, device)
        self._places.know(unit, user.user_id, device)
        cookie = await self._sessions.begin(unit, user, device, replaces=replaces, is_kept=pending.is_kept)
        try:
            await unit.commit()
        except Conflict:
            raise ChallengeSpent from None
        return Entry(cookie, is_kept=pending.is_kept)

    async def prove(self, principal: Principal, password: str, code: str) -> Renewed:
        """The person proves again who they are; the session's new cookie (TRUST A61)."""
        unit = self._db.unit(PROVIDER)
        user = await accounts.get(unit, principal.id)
        await self._tries.count(f"prove:{user.user_id}")
        if not await accounts.verify(unit, self._passwords, user, password):
            raise PasswordWrong
        if await self._factors.is_on(unit, user.user_id) and not await self._factors.check(user.user_id, code):
            raise CodeWrong
        self._tries.forget(unit, f"prove:{user.user_id}")
        renewed = await self._sessions.prove(unit, principal)
        await unit.commit()
        return renewed

    async def with_link(self, token: str, device: Device, replaces: str = "") -> str:
        """Use a one-time link up; LinkSpent when it does not work (any more)."""
        unit = self._db.unit(PROVIDER)
        link = await accounts.redeem(unit, token, "sign_in")
        user = await accounts.get(unit, link.user_id or 0)
        if user.disabled_at is not None:
            raise LinkSpent
        self._places.know(unit, user.user_id, device)
        cookie = await self._sessions.begin(unit, user, device, replaces=replaces)
        await _spend(unit)
        return cookie

    async def first_start(self, token: str, *, name: str, email: str, password: str, device: Device) -> str:
        """Make the first person, the owner of the default account; the link dies with it."""
        unit = self._db.unit(PROVIDER)
        await accounts.redeem(unit, token, "first_start")
        account = await tenants.default(unit) or await tenants.create(unit, name)
        user = await accounts.create(unit, self._passwords, email=email, name=name, password=password)
        who = Principal("user", user.user_id, user.display_name, account.account_id)
        join(unit, who, user.user_id, account.account_id, "owner")
        self._places.know(unit, user.user_id, device)
        cookie = await self._sessions.begin(unit, user, device, account=account.account_id)
        await _spend(unit)
        return cookie

    async def _is_new(self, unit: Unit, user: User, device: Device) -> bool:
        """Whether a letter must confirm this device at this place.

        Without a mail server only an address that proved to be the person's is written to: the letter is shown in the
        console of the program, and who was made on the command line could not get in otherwise.
        """
        if await self._places.is_known(unit, user.user_id, device):
            return False
        return self._has_mail or (await accounts.contact_of(unit, user.user_id)).verified_at is not None

    async def _ask(self, unit: Unit, user: User, device: Device, *, wants_factor: bool, is_kept: bool) -> Entry:
        pending = Pending(user.user_id, self._places.mark(device), wants_factor, is_kept)
        asked = self._challenges.ask(unit, "sign_in", msgspec.json.encode(pending), user_id=user.user_id)
        if not wants_factor:
            told = msgspec.structs.replace(_CODE, facts=where(device))
            link = accounts.create_link(unit, user.user_id, "not_me", NOT_ME_FOR)
            self._post.write(unit, person_of(user), told, Attachment(code=asked.code, not_me=NOT_ME + link))
        await unit.commit()
        return Entry(token=asked.token)

    def _pending(self, challenge: Challenge) -> Pending:
        return msgspec.json.decode(self._challenges.body(challenge), type=Pending)

    async def _place(self, unit: Unit, user: User | None, login: str, device: Device) -> str:
        """Where tries are counted: by person, apart for an address they signed in from before.

        So one who guesses from elsewhere delays himself, and not the person (TRUST I2).
        """
        text = f"login:{login.casefold()}" if user is None else f"user:{user.user_id}"
        if await store.is_known_address(unit, user.user_id if user else 0, device.address):
            text += f":{device.address}"
        return text

    async def _refuse(self, user: User | None, device: Device) -> NoReturn:
        """Tell nothing; a known person's refusal is logged without waiting, so that the time tells nothing either."""
        unit = self._db.unit(PROVIDER)
        account = await home(unit, user.user_id if user else 0)
        _log.info("sign_in_refused", is_known=user is not None, address=device.address)
        if user is not None:
            nobody = Principal("anonymous", tenant=account)
            audit.record(unit, nobody, "sign_in.refused", "user", public(user.user_id), address=device.address)
            unit.submit(lambda _unit: None)
        raise SignInRefused


async def _spend(unit: Unit) -> None:
    """Commit a unit that uses up a link: of two that come at once the second finds it spent."""
    try:
        await unit.commit()
    except Conflict:
        raise LinkSpent from None
