"""Sessions: 12 hours without use, 7 days at most; 30 days where wanted.

A cookie is 32 random bytes, of which only a keyed hash is kept.
"""

import hmac
import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from ocpp_css.edge.principal import Principal
from ocpp_css.kit.ids import parse_public, public
from ocpp_css.kit.secrets import Secrets
from ocpp_css.people import audit
from ocpp_css.people.access.errors import NotAMember, SessionUnknown
from ocpp_css.people.access.model import Device, Membership, Session
from ocpp_css.people.access.service.members import home, looked_at, memberships
from ocpp_css.people.access.store import sessions as store
from ocpp_css.people.accounts import User
from ocpp_css.storage import Unit

IDLE = timedelta(hours=12)
LIFETIME = timedelta(days=7)
KEPT_FOR = timedelta(days=30)
"""Where the person wanted to stay signed in, used or not."""
PROOF_LASTS = timedelta(minutes=30)
MOST = 50
"""Sessions of one person at a time; one more ends the oldest."""
_LONGEST_AGENT = 300


class Renewed(NamedTuple):
    """The new cookie of a session, and whether the person wants to stay signed in."""

    cookie: str
    is_kept: bool


class Sessions:
    """The sessions of people; all methods that take a unit take one of the service itself (tenant PROVIDER)."""

    def __init__(self, secrets: Secrets) -> None:
        self._hash_key = secrets.key("sessions")
        self._csrf_key = secrets.key("csrf")

    def hash(self, cookie: str) -> str:
        """What is kept of a cookie."""
        return hmac.digest(self._hash_key, cookie.encode("utf-8", "surrogatepass"), "sha256").hex()

    def csrf(self, cookie: str) -> str:
        """The secret that the session's forms know; it never stands in the database."""
        return hmac.digest(self._csrf_key, cookie.encode("utf-8", "surrogatepass"), "sha256").hex()

    async def begin(
        self, unit: Unit, user: User, device: Device, *, account: int = 0, replaces: str = "",
        is_kept: bool = False,
    ) -> str:  # fmt: skip
        """A new session; returns its cookie. The session of the cookie `replaces` ends: no id survives a sign-in.

        So do the oldest of a person who would have more than `MOST`.
        """
        if replaces and (old := await store.load_session(unit, self.hash(replaces))) and old.ended_at is None:
            store.change(unit, old, ended_at=unit.now)
        cookie = secrets.token_urlsafe(32)
        session = Session(
            session_id=unit.new_id(), token_hash=self.hash(cookie), user_id=user.user_id,
            account_id=account or await home(unit, user.user_id), user_agent=device.user_agent[:_LONGEST_AGENT],
            address=device.address, created_at=unit.now, expires_at=unit.now + (KEPT_FOR if is_kept else LIFETIME),
            ended_at=None, version=1, last_used_at=unit.now, proved_at=unit.now, is_kept=is_kept,
        )  # fmt: skip
        store.add(unit, session)
        who = Principal("user", user.user_id, user.display_name, session.account_id)
        others = [one for one in await self._alive(unit, user.user_id) if one.token_hash != self.hash(replaces)]
        for old in others[MOST - 1 :]:
            self._end(unit, who, old)
        audit.record(unit, who, "session.began", "session", public(session.session_id), address=device.address)
        return cookie

    async def end(self, unit: Unit, principal: Principal, session_id: int) -> None:
        """End one session of the person; SessionUnknown where there is none."""
        session = await store.one(unit, session_id)
        if session is None or session.user_id != principal.id or session.ended_at is not None:
            raise SessionUnknown
        self._end(unit, principal, session)

    async def end_others(self, unit: Unit, principal: Principal) -> int:
        """End all sessions of the person but this one; how many there were."""
        others = [one for one in await self.of(unit, principal) if public(one.session_id) != principal.session]
        for session in others:
            self._end(unit, principal, session)
        return len(others)

    async def of(self, unit: Unit, principal: Principal) -> list[Session]:
        """The sessions of the person that can still be used, the newest first."""
        return await self._alive(unit, principal.id)

    async def switch(self, unit: Unit, principal: Principal, account_id: int) -> "Renewed":
        """Let the session look at another account of the person; its new cookie (TRUST A61).

        NotAMember where the account is none of theirs.
        """
        held = {membership.account_id for membership in await memberships(unit, principal.id)}
        if account_id not in held:
            raise NotAMember
        return await self.enter(unit, principal, account_id)

    async def enter(self, unit: Unit, principal: Principal, account_id: int) -> "Renewed":
        """Let the session look at an account that the person belongs to once the unit is committed; its new cookie."""
        return self._renew(unit, await self._own(unit, principal), account_id=account_id)

    async def prove(self, unit: Unit, principal: Principal) -> "Renewed":
        """The person has just proven who they are: the session gets a new cookie."""
        return self._renew(unit, await self._own(unit, principal), proved_at=unit.now)

    async def end_all(self, unit: Unit, who: Principal, user_id: int) -> int:
        """End every session of a person; how many there were."""
        found = await store.of_user(unit, user_id)
        for session in found:
            self._end(unit, who, session)
        return len(found)

    async def end_in(self, unit: Unit, who: Principal, user_id: int, account_id: int) -> int:
        """End the sessions by which a person acts in one account, and none that looks at another; how many."""
        held = await memberships(unit, user_id)
        found = [one for one in await store.of_user(unit, user_id) if _acts_in(one, held) == account_id]
        for session in found:
            self._end(unit, who, session)
        return len(found)

    async def _alive(self, unit: Unit, user_id: int) -> list[Session]:
        return [one for one in await store.of_user(unit, user_id) if not is_over(one, unit)]

    async def _own(self, unit: Unit, principal: Principal) -> Session:
        session = await store.one(unit, parse_public(principal.session) or 0)
        if session is None or session.user_id != principal.id:
            raise SessionUnknown
        return session

    def _renew(self, unit: Unit, session: Session, **changes: Any) -> "Renewed":
        cookie = secrets.token_urlsafe(32)
        store.change(unit, session, token_hash=self.hash(cookie), **changes)
        return Renewed(cookie, session.is_kept)

    def _end(self, unit: Unit, principal: Principal, session: Session) -> None:
        store.change(unit, session, ended_at=unit.now)
        audit.record(unit, principal, "session.ended", "session", public(session.session_id))


def _acts_in(session: Session, held: Sequence[Membership]) -> int:
    membership = looked_at(held, session.account_id)
    return membership.account_id if membership else 0


def has_proof(session: Session, unit: Unit) -> bool:
    """Whether the person proved in this session within half an hour who they are."""
    return session.proved_at is not None and unit.now < session.proved_at + PROOF_LASTS


def is_over(session: Session, unit: Unit) -> bool:
    """Whether a session was ended, is too old, or was not used for too long."""
    idle = KEPT_FOR if session.is_kept else IDLE
    return session.ended_at is not None or session.expires_at <= unit.now or session.last_used_at + idle <= unit.now
