"""Invitations by letter: made, sent again, taken back, accepted once; units are the service's own (PROVIDER).

Whoever holds the link reads the mailbox it was sent to. Nothing but the letter tells whether its address is known here
(TRUST A63), and of a hundred who accept at once one is admitted (A64).
"""

import hashlib
import secrets
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

import msgspec

from ocpp_css.edge.principal import Principal
from ocpp_css.kit.errors import Conflict
from ocpp_css.kit.ids import public
from ocpp_css.kit.paging import Page, PageRequest, page_of
from ocpp_css.people import accounts, audit, tenants
from ocpp_css.people.access.errors import (
    AlreadyInvited,
    AlreadyMember,
    InvitationForAnother,
    InvitationSpent,
    InvitationUnknown,
    RoleTooHigh,
    TooManyInvitations,
)
from ocpp_css.people.access.model import Device, Invitation, Role, may_give
from ocpp_css.people.access.service.letters import person_of
from ocpp_css.people.access.service.members import join
from ocpp_css.people.access.service.sessions import Renewed, Sessions
from ocpp_css.people.access.service.sign_up import Candidate, SignUp
from ocpp_css.people.access.service.tries import Tries
from ocpp_css.people.access.store import invitations as store
from ocpp_css.people.access.store import members
from ocpp_css.people.accounts import ChallengeSpent, User
from ocpp_css.people.notices import Attachment, Notice, Person, Post
from ocpp_css.storage import PROVIDER, Database, Unit

PATH = "/console/invitation/"
STANDS_FOR = timedelta(days=7)
LETTERS_A_DAY = 100
"""Of one account."""
LETTERS_TO_ONE_A_DAY = 5
"""To one address, whoever sends them: what goes beyond is not sent, and not told."""


def _(text: str) -> str:
    """Marks a text for translation; it is translated where it is shown."""
    return text


_LETTER = Notice(
    category="account", title=_("{name} invites you to {account}"),
    text=_("You may join the account {account} in OCPP CSS. The link works once, for seven days. If you do not know "
           "who this is, nothing has to be done."),
    action=_("Look at the invitation"),
)  # fmt: skip
_JOINED = Notice(
    category="account", title=_("{name} joined {account}"), text=_("The invitation that you sent was accepted."),
    path="/console/people", action=_("People"),
)  # fmt: skip


class Offer(msgspec.Struct, frozen=True):
    """An invitation as its reader sees it: into which account, and whether the address has an account here."""

    invitation: Invitation
    account: str
    is_known: bool


async def page(unit: Unit, account_id: int, request: PageRequest, search: str = "") -> Page[Invitation]:
    """The invitations of an account that stand, the newest first."""
    found = await store.page(unit, account_id, search, request.after, request.limit)
    return page_of(found, request, lambda one: (None, one.invitation_id))


async def get(unit: Unit, account_id: int, invitation_id: int) -> Invitation:
    """One invitation of an account that stands; InvitationUnknown where there is none."""
    found = await store.one(unit, account_id, invitation_id)
    if found is None:
        raise InvitationUnknown
    return found


async def withdraw(unit: Unit, principal: Principal, account_id: int, invitation_id: int) -> None:
    """Take an invitation back: its link stops working."""
    invitation = await get(unit, account_id, invitation_id)
    if not may_give(principal.permissions, invitation.role):
        raise RoleTooHigh
    _end(unit, principal, invitation)


async def withdraw_those_of(unit: Unit, principal: Principal, account_id: int, user_id: int) -> None:
    """Take back what somebody offered who may offer it no more."""
    for invitation in await store.made_by(unit, account_id, user_id):
        _end(unit, principal, invitation)


async def withdraw_since(db: Database, principal: Principal, since: datetime, reason: str) -> None:
    """Take back what was offered in somebody's name since this moment, each alone: one may be accepted meanwhile."""
    for invitation in await store.made_since(db.unit(PROVIDER), principal.id, since):
        if invitation.open_for is not None:
            unit = db.unit(PROVIDER)
            _end(unit, replace(principal, tenant=invitation.account_id), invitation, reason)
            with suppress(Conflict):
                await unit.commit()


def _end(unit: Unit, principal: Principal, invitation: Invitation, reason: str = "") -> None:
    store.change(unit, invitation, open_for=None)
    subject = public(invitation.invitation_id)
    audit.record(unit, principal, "invitation.withdrawn", "invitation", subject, reason=reason)


class Invitations:
    """Invites people, and lets in who accepts."""

    def __init__(self, db: Database, post: Post, tries: Tries, sessions: Sessions, sign_up: SignUp) -> None:
        self._db = db
        self._post = post
        self._tries = tries
        self._sessions = sessions
        self._sign_up = sign_up

    async def invite(self, unit: Unit, principal: Principal, email: str, role: Role, language: str) -> Invitation:
        """Invite an address into the account that `principal` acts for; `language` is for who is not known yet."""
        email, account = accounts.checked_email(email), principal.tenant
        if not may_give(principal.permissions, role):
            raise RoleTooHigh
        holder = await accounts.find_login(unit, email)
        if holder is not None and await members.one(unit, account, holder.user_id) is not None:
            raise AlreadyMember
        mark = unit.mark(f"invited to {account}", email)
        if await store.is_open(unit, mark):
            raise AlreadyInvited
        token = secrets.token_urlsafe(32)
        invitation = Invitation(
            invitation_id=unit.new_id(), account_id=account, email=email, role=role, token_hash=_hash(token),
            open_for=mark, invited_by=principal.person, invited_by_name=principal.name,
            created_at=unit.now, expires_at=unit.now + STANDS_FOR, version=1,
        )  # fmt: skip
        store.add(unit, invitation)
        told = {"email": email, "role": role}
        audit.record(unit, principal, "member.invited", "invitation", public(invitation.invitation_id), None, told)
        await self._send(unit, principal, invitation, (token, language), holder)
        return invitation

    async def send_again(self, unit: Unit, principal: Principal, invitation_id: int, language: str) -> Invitation:
        """Send another letter with another link, for seven days from now; the old link stops working."""
        invitation = await get(unit, principal.tenant, invitation_id)
        if not may_give(principal.permissions, invitation.role):
            raise RoleTooHigh
        token = secrets.token_urlsafe(32)
        changes = {"token_hash": _hash(token), "expires_at": unit.now + STANDS_FOR}
        store.change(unit, invitation, **changes)
        audit.record(unit, principal, "invitation.sent_again", "invitation", public(invitation_id))
        holder = await accounts.find_login(unit, invitation.email)
        await self._send(unit, principal, invitation, (token, language), holder)
        return msgspec.structs.replace(invitation, **changes)

    async def look(self, unit: Unit, token: str) -> Offer:
        """What is offered by the link of this token; InvitationSpent where it does not work."""
        invitation = await store.by_token(unit, _hash(token))
        if invitation is None or invitation.open_for is None or invitation.expires_at <= unit.now:
            raise InvitationSpent
        account = await tenants.known(unit, invitation.account_id)
        if account is None:
            raise InvitationSpent
        holder = await accounts.find_login(unit, invitation.email)
        return Offer(invitation, account.name, holder is not None)

    async def accept(self, token: str, principal: Principal) -> Renewed:
        """The person who signed in joins; their session looks at the account from now on, with a new cookie (A61)."""
        unit = self._db.unit(PROVIDER)
        offer = await self.look(unit, token)
        user = await accounts.get(unit, principal.id)
        if user.email.casefold() != offer.invitation.email.casefold():
            raise InvitationForAnother
        await self._join(unit, offer, user, principal.address)
        renewed = await self._sessions.enter(unit, principal, offer.invitation.account_id)
        await _commit(unit)
        return renewed

    async def accept_as_new(self, token: str, candidate: Candidate, password: str, device: Device) -> str:
        """Somebody new joins: a person is made with the address that the letter went to; their cookie.

        SignUpRefused names the fields that are wrong.
        """
        unit = self._db.unit(PROVIDER)
        offer = await self.look(unit, token)
        told = msgspec.structs.replace(candidate, email=offer.invitation.email)
        try:
            user = await self._sign_up.admit(unit, told, password, device, offer.invitation.account_id)
        except ChallengeSpent:
            raise InvitationSpent from None
        await self._join(unit, offer, user, device.address)
        cookie = await self._sessions.begin(unit, user, device, account=offer.invitation.account_id)
        await _commit(unit)
        return cookie

    async def _join(self, unit: Unit, offer: Offer, user: User, address: str) -> None:
        invitation = offer.invitation
        who = Principal("user", user.user_id, user.display_name, invitation.account_id, address=address)
        store.change(unit, invitation, open_for=None)
        join(unit, who, user.user_id, invitation.account_id, invitation.role)
        inviter = await accounts.known(unit, invitation.invited_by) if invitation.invited_by else None
        if inviter is not None:
            values = {"name": user.display_name, "account": offer.account}
            await self._post.tell(unit, person_of(inviter), msgspec.structs.replace(_JOINED, values=values))

    async def _send(
        self, unit: Unit, principal: Principal, invitation: Invitation, said: tuple[str, str], holder: User | None
    ) -> None:
        """Write the letter; `said` is the token, and the language for who is not known yet."""
        if not await self._tries.allow(unit, f"invite:{principal.tenant}", LETTERS_A_DAY):
            raise TooManyInvitations(retry_after=3600)
        token, language = said
        stranger = Person(user_id=0, email=invitation.email, name="", language=language, time_zone="UTC")
        person = person_of(holder) if holder is not None else stranger
        values = {"name": principal.name, "account": principal.account}
        notice = msgspec.structs.replace(_LETTER, values=values)
        if await self._tries.allow(unit, f"invite-to:{invitation.email.casefold()}", LETTERS_TO_ONE_A_DAY):
            self._post.write(unit, person, notice, Attachment(path=PATH + token))


async def _commit(unit: Unit) -> None:
    """Of many who accept at once one is admitted."""
    try:
        await unit.commit()
    except Conflict:
        raise InvitationSpent from None


def _hash(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
