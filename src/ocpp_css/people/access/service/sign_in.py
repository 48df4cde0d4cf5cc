"""Signing in: with a name and a password, with a link, or as the first person of the service."""

import hmac
import math
from datetime import timedelta
from typing import NoReturn

import structlog

from ocpp_css.edge.principal import Principal
from ocpp_css.kit.errors import Conflict
from ocpp_css.kit.ids import public
from ocpp_css.kit.secrets import Secrets
from ocpp_css.people import accounts, audit, tenants
from ocpp_css.people.access.errors import SignInDelayed, SignInRefused
from ocpp_css.people.access.model import Device
from ocpp_css.people.access.service.members import home, join
from ocpp_css.people.access.service.sessions import Sessions
from ocpp_css.people.access.store import sessions as store
from ocpp_css.people.accounts import LinkSpent, Passwords, User
from ocpp_css.storage import PROVIDER, Database, Unit

FREE_FAILURES = 10
LONGEST_DELAY_S = 900
FORGOTTEN_AFTER = timedelta(days=1)
_LONGEST_LOGIN = 254
_log = structlog.get_logger(__name__)


class SignIn:
    """The ways to a session; each returns the cookie."""

    def __init__(self, db: Database, passwords: Passwords, sessions: Sessions, secrets: Secrets) -> None:
        self._db = db
        self._passwords = passwords
        self._sessions = sessions
        self._key = secrets.key("sign-in-attempts")

    async def with_password(self, login: str, password: str, device: Device, replaces: str = "") -> str:
        """Check name and password; SignInRefused says no more than that, SignInDelayed how long to wait.

        A try is counted before the password is looked at, so that many at once are as many tries.
        """
        unit = self._db.unit(PROVIDER)
        login = login.strip()[:_LONGEST_LOGIN]
        user = await accounts.find_login(unit, login)
        place = await self._place(unit, user, login, device)
        await self._count(place)
        if not await accounts.verify(unit, self._passwords, user, password) or user is None:
            await self._refuse(user, device)
        store.forget_attempts(unit, place)
        cookie = await self._sessions.begin(unit, user, device, replaces=replaces)
        await unit.commit()
        return cookie

    async def with_link(self, token: str, device: Device, replaces: str = "") -> str:
        """Use a one-time link up; LinkSpent when it does not work (any more)."""
        unit = self._db.unit(PROVIDER)
        link = await accounts.redeem(unit, token, "sign_in")
        user = await accounts.get(unit, link.user_id or 0)
        if user.disabled_at is not None:
            raise LinkSpent
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
        cookie = await self._sessions.begin(unit, user, device, account=account.account_id)
        await _spend(unit)
        return cookie

    async def _place(self, unit: Unit, user: User | None, login: str, device: Device) -> str:
        """Where tries are counted: by person, apart for an address they signed in from before.

        So one who guesses from elsewhere delays himself, and not the person (TRUST I2).
        """
        text = f"login:{login.casefold()}" if user is None else f"user:{user.user_id}"
        if await store.is_known_address(unit, user.user_id if user else 0, device.address):
            text += f":{device.address}"
        return hmac.digest(self._key, text.encode("utf-8", "surrogatepass"), "sha256").hex()

    async def _count(self, place: str) -> None:
        unit = self._db.unit(PROVIDER)
        seen = await store.attempts(unit, place)
        failures = seen.failures if seen is not None and seen.last_at + FORGOTTEN_AFTER > unit.now else 0
        if seen is not None and (wait := seen.last_at + timedelta(seconds=delay_s(failures)) - unit.now) > timedelta(0):
            raise SignInDelayed(retry_after=math.ceil(wait.total_seconds()))
        store.count_attempt(unit, place, seen, failures + 1)
        try:
            await unit.commit()
        except Conflict:
            raise SignInDelayed(retry_after=1) from None

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


def delay_s(failures: int) -> int:
    """Seconds to wait after so many failures in a row: none up to ten, then 2, 4, 8 … up to a quarter of an hour."""
    if failures < FREE_FAILURES:
        return 0
    return min(LONGEST_DELAY_S, 1 << min(failures - FREE_FAILURES + 1, 20))


async def _spend(unit: Unit) -> None:
    """Commit a unit that uses up a link: of two that come at once the second finds it spent."""
    try:
        await unit.commit()
    except Conflict:
        raise LinkSpent from None
