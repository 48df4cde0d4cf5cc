"""Who stands behind a cookie or a key: answered from this process's memory, revocation known to it at once."""

import hmac
from collections import OrderedDict
from dataclasses import replace
from datetime import datetime, timedelta

import msgspec

from ocpp_css.edge.principal import Principal
from ocpp_css.kit.ids import public
from ocpp_css.people import accounts, tenants
from ocpp_css.people.access.model import ROLES, Membership, Session, with_included
from ocpp_css.people.access.service import keys
from ocpp_css.people.access.service.members import memberships
from ocpp_css.people.access.service.sessions import Sessions, is_over
from ocpp_css.people.access.store import keys as key_store
from ocpp_css.people.access.store import sessions as session_store
from ocpp_css.people.accounts import User
from ocpp_css.storage import PROVIDER, Database, Unit

WRITTEN_EVERY = timedelta(minutes=1)
_REMEMBERED = 100_000


class LastUses:
    """When each session or key was last seen here; says when that should be written down again."""

    def __init__(self) -> None:
        self._seen: OrderedDict[int, tuple[datetime, datetime]] = OrderedDict()

    def of(self, number: int, stored: datetime | None) -> datetime | None:
        """The newer of what is stored and what was seen here."""
        seen = self._seen.get(number)
        if seen is None or (stored is not None and stored > seen[0]):
            return stored
        return seen[0]

    def saw(self, number: int, now: datetime) -> bool:
        """Note a use; true when the last one written down is a minute old."""
        last = self._seen.pop(number, None)
        is_due = last is None or now - last[1] >= WRITTEN_EVERY
        self._seen[number] = (now, now if last is None or is_due else last[1])
        if len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)
        return is_due


class MemoryAuthenticator:
    """Fills edge's port `Authenticator`."""

    def __init__(self, db: Database, sessions: Sessions) -> None:
        self._db = db
        self._sessions = sessions
        self._session_uses = LastUses()
        self._key_uses = LastUses()

    async def by_session(self, cookie: str, *, is_use: bool = True) -> Principal | None:
        """See the port."""
        unit = self._db.unit(PROVIDER)
        session = await self._live(unit, self._sessions.hash(cookie))
        user = await accounts.known(unit, session.user_id) if session else None
        if session is None or user is None or user.disabled_at is not None:
            return None
        if is_use and self._session_uses.saw(session.session_id, unit.now):
            session_store.used_later(self._db, session.session_id, unit.now)
        held = await memberships(unit, user.user_id)
        chosen = next((one for one in held if one.account_id == session.account_id), held[0] if held else None)
        account = await tenants.known(unit, chosen.account_id) if chosen else None
        found = _person(session, user, chosen, account.name if account else "", self._sessions.csrf(cookie))
        return replace(found, has_choice=len(held) > 1)

    async def by_bearer(self, token: str, *, is_use: bool = True) -> Principal | None:
        """See the port."""
        parts = keys.parse(token)
        if parts is None:
            return None
        unit = self._db.unit(parts.account)
        key = await unit.cached(key_store.BY_NUMBER, parts.key_id)
        if key is None or not hmac.compare_digest(key.secret_hash, keys.hash_secret(parts.secret)):
            return None
        if keys.is_over(key, unit, self._key_uses.of(key.key_id, key.last_used_at)):
            return None
        account = await tenants.known(self._db.unit(PROVIDER), parts.account)
        if account is None:
            return None
        if is_use and self._key_uses.saw(key.key_id, unit.now):
            key_store.used_later(self._db, parts.account, key.key_id, unit.now)
        return Principal(
            "key",
            key.key_id,
            key.name,
            parts.account,
            with_included(key.scopes),
            session=public(key.key_id),
            account=account.name,
        )

    async def _live(self, unit: Unit, token_hash: str) -> Session | None:
        """The session, if it can be used; before it counts as idle, what other processes saw of it is read."""
        session = await unit.cached(session_store.BY_HASH, token_hash)
        if session is None or not is_over(self._as_seen(session), unit):
            return session
        session = await session_store.load_session(unit, token_hash)
        return None if session is None or is_over(self._as_seen(session), unit) else session

    def _as_seen(self, session: Session) -> Session:
        return msgspec.structs.replace(
            session, last_used_at=self._session_uses.of(session.session_id, session.last_used_at)
        )


def _person(session: Session, user: User, membership: Membership | None, account: str, csrf: str) -> Principal:
    return Principal(
        "user",
        user.user_id,
        user.display_name,
        membership.account_id if membership else 0,
        ROLES[membership.role] if membership else frozenset(),
        language=user.language,
        time_zone=user.time_zone,
        csrf=csrf,
        session=public(session.session_id),
        email=user.email,
        account=account,
    )
