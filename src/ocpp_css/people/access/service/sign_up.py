"""Signing up: what was told is kept sealed until the code of the letter proves the address; then all of it is made.

Nothing tells whether an address has an account (TRUST A63): the work, the rows, the answer and the number of letters
are the same, only the letter differs, and only the address's owner reads it.
"""

from collections.abc import Callable, Sequence

import msgspec

from ocpp_css.edge.principal import Principal
from ocpp_css.kit.errors import Conflict, Fault, Invalid, Refusal
from ocpp_css.kit.ids import public
from ocpp_css.kit.secrets import Secrets
from ocpp_css.people import accounts, audit, consent, tenants
from ocpp_css.people.access.model import Device
from ocpp_css.people.access.service.letters import person_of
from ocpp_css.people.access.service.members import join
from ocpp_css.people.access.service.places import Places
from ocpp_css.people.access.service.sessions import Sessions
from ocpp_css.people.access.service.tries import Tries
from ocpp_css.people.access.service.work import Work
from ocpp_css.people.accounts import Challenges, ChallengeSpent, Contact, Passwords, User
from ocpp_css.people.notices import Attachment, Notice, Person, Post
from ocpp_css.storage import PROVIDER, Database, Unit

LETTERS_A_DAY = 5
"""To one address, whoever asks."""
SIGN_IN, RECOVERY = "/console/sign-in", "/console/recovery"
_LONGEST = 100


def _(text: str) -> str:
    """Marks a text for translation; it is translated where it is shown."""
    return text


_CODE = Notice(
    category="account", title=_("Your code for OCPP CSS"),
    text=_("Type this code into the page where you signed up. It works for ten minutes."),
)  # fmt: skip
_TAKEN = Notice(
    category="account", title=_("You have an account already"),
    text=_("Somebody, probably you, wanted to sign up with this address. It has an account: sign in, or choose a new "
           "password if you forgot it. If it was not you, nothing has to be done."),
    action=_("Sign in"), path=SIGN_IN,
)  # fmt: skip


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody tells who signs up."""

    email: str
    name: str
    country: str
    birth_date: str
    username: str = ""
    company: str = ""
    region: str = ""
    phone: str = ""
    language: str = ""
    time_zone: str = "UTC"
    has_agreed: bool = False


class Kept(msgspec.Struct, frozen=True):
    """What is sealed until the code comes; without a hash the address has an account already."""

    candidate: Candidate
    password_hash: str
    is_free: bool


class SignUpRefused(Invalid):
    """Fields of the form break rules; `errors` names each."""

    code = "sign_up_refused"
    title = "Something is not right yet"


class Admitted(msgspec.Struct, frozen=True):
    """A new person is in: their cookie, and whether the user name they wanted was free."""

    cookie: str
    user: User
    has_username: bool


class SignUp:
    """Takes people in who come by themselves."""

    def __init__(
        self, db: Database, passwords: Passwords, challenges: Challenges, post: Post, sessions: Sessions,
        secrets: Secrets, *, places: Places, tries: Tries, minimum_age: int,
    ) -> None:  # fmt: skip
        self._db = db
        self._passwords = passwords
        self._challenges = challenges
        self._post = post
        self._sessions = sessions
        self._minimum_age = minimum_age
        self._places = places
        self._tries = tries
        self.work = Work(secrets)

    async def ask(self, candidate: Candidate, password: str, work: str) -> str:
        """Send a letter; the token of the page where its code is typed. SignUpRefused names what is wrong."""
        unit = self._db.unit(PROVIDER)
        candidate = msgspec.structs.replace(candidate, email=candidate.email.strip(), name=candidate.name.strip())
        if faults := await self._faults(unit, candidate, password):
            raise SignUpRefused(errors=faults)
        self.work.spend(unit, work)
        holder = await accounts.find_login(unit, candidate.email)
        kept = Kept(candidate, await self._passwords.hash(password), holder is None)
        asked = self._challenges.ask(unit, "sign_up", msgspec.json.encode(kept))
        if await self._tries.allow(unit, f"sign-up:{candidate.email.casefold()}", LETTERS_A_DAY):
            if holder is None:
                self._post.write(unit, _person(candidate), _CODE, Attachment(code=asked.code))
            else:
                self._post.write(unit, person_of(holder), _TAKEN)
        try:
            await unit.commit()
        except Conflict:
            raise SignUpRefused(errors=[Fault("work", "Reload the page and try again.")]) from None
        return asked.token

    async def confirm(self, token: str, code: str, device: Device) -> Admitted:
        """Make the person, their account and their first session; CodeWrong or ChallengeSpent otherwise."""
        challenge = await self._challenges.answer(token, "sign_up", code)
        kept = msgspec.json.decode(self._challenges.body(challenge), type=Kept)
        if not kept.is_free:
            raise ChallengeSpent
        unit = self._db.unit(PROVIDER)
        self._challenges.spend(unit, challenge)
        user = await self._admit(unit, kept)
        account = await tenants.create(
            unit, kept.candidate.company.strip()[:_LONGEST] or user.display_name, kept.candidate.region
        )
        who = Principal("user", user.user_id, user.display_name, account.account_id, address=device.address)
        join(unit, who, user.user_id, account.account_id, "owner")
        self._welcome(unit, user, device, account.account_id)
        cookie = await self._sessions.begin(unit, user, device, account=account.account_id)
        try:
            await unit.commit()
        except Conflict:
            raise ChallengeSpent from None
        return Admitted(cookie, user, user.username is not None or not kept.candidate.username)

    async def admit(self, unit: Unit, candidate: Candidate, password: str, device: Device, account_id: int) -> User:
        """Make a person whose address is proven; SignUpRefused names what is wrong, ChallengeSpent an address taken."""
        candidate = msgspec.structs.replace(candidate, name=candidate.name.strip())
        if faults := await self._faults(unit, candidate, password):
            raise SignUpRefused(errors=faults)
        user = await self._admit(unit, Kept(candidate, await self._passwords.hash(password), is_free=True))
        self._welcome(unit, user, device, account_id)
        return user

    def _welcome(self, unit: Unit, user: User, device: Device, account_id: int) -> None:
        who = Principal("user", user.user_id, user.display_name, account_id, address=device.address)
        audit.record(unit, who, "user.signed_up", "user", public(user.user_id))
        consent.accept(unit, user.user_id, device.address)
        self._places.know(unit, user.user_id, device)

    async def _admit(self, unit: Unit, kept: Kept) -> User:
        told = kept.candidate
        if await accounts.find_login(unit, told.email) is not None:
            raise ChallengeSpent
        is_free = bool(told.username) and await accounts.find_login(unit, told.username) is None
        user = accounts.admit(
            unit, email=told.email, name=told.name, password_hash=kept.password_hash, language=told.language,
            time_zone=told.time_zone, username=told.username if is_free else None,
        )  # fmt: skip
        contact = Contact(
            user_id=user.user_id, country=told.country, phone=told.phone, birth_date=told.birth_date,
            verified_at=unit.now,
        )  # fmt: skip
        accounts.keep_contact(unit, contact)
        return user

    async def _faults(self, unit: Unit, told: Candidate, password: str) -> list[Fault]:
        found = [Fault(name, text) for name, text, is_wrong in _PLAIN if is_wrong(told)]
        contact = Contact(user_id=0, country=told.country, phone=told.phone, birth_date=told.birth_date)
        found += accounts.contact_faults(contact, unit.now.date(), self._minimum_age)
        try:
            accounts.checked_email(told.email)
        except Refusal as refusal:
            found += refusal.errors
        try:
            words = [*accounts.own_words(told.email, told.name), told.username, told.company]
            await self._passwords.judge(password, [word for word in words if word])
        except Refusal as refusal:
            found += refusal.errors
        return found


_PLAIN: Sequence[tuple[str, str, Callable[[Candidate], bool]]] = (
    ("name", _("Give a name of up to 100 characters."), lambda told: not 0 < len(told.name) <= _LONGEST),
    ("username", _("A user name has no @ in it."), lambda told: "@" in told.username or len(told.username) > _LONGEST),
    ("country", _("Choose a country."), lambda told: not told.country),
    ("birth_date", _("Give your date of birth."), lambda told: not told.birth_date),
    ("time_zone", _("This time zone is not known."), lambda told: not accounts.is_zone(told.time_zone)),
    ("has_agreed", _("An account needs your agreement to both."), lambda told: not told.has_agreed),
)


def _person(told: Candidate) -> Person:
    return Person(user_id=0, email=told.email, name=told.name, language=told.language, time_zone=told.time_zone)
