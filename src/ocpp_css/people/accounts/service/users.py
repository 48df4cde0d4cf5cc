"""The rules of people; all functions take a unit of the service itself (tenant PROVIDER)."""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from ocpp_css.edge.principal import Principal
from ocpp_css.kit.errors import Fault, Invalid
from ocpp_css.kit.ids import public
from ocpp_css.people import audit
from ocpp_css.people.accounts import store
from ocpp_css.people.accounts.errors import (
    EmailInvalid,
    EmailTaken,
    PasswordWrong,
    PersonNeeded,
    UsernameTaken,
    UserUnknown,
)
from ocpp_css.people.accounts.model import User
from ocpp_css.people.accounts.service.passwords import Passwords
from ocpp_css.storage import Unit

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)*")
_LONGEST_EMAIL = 254


async def get(unit: Unit, user_id: int) -> User:
    """The person as the database has it; UserUnknown where there is none."""
    user = await store.load_user(unit, user_id)
    if user is None:
        raise UserUnknown
    return user


def person_in(principal: Principal) -> int:
    """The number of the person who asks; PersonNeeded for API keys, which have nothing of their own."""
    if principal.kind != "user":
        raise PersonNeeded
    return principal.id


async def known(unit: Unit, user_id: int) -> User | None:
    """The person as this process remembers it; changes reach every process within a second."""
    return await unit.cached(store.BY_NUMBER, user_id)


async def named(unit: Unit, numbers: Sequence[int]) -> dict[int, User]:
    """People by their numbers; who is gone is missing."""
    return await store.of_numbers(unit, numbers)


async def find_login(unit: Unit, login: str) -> User | None:
    """The person who signs in with this e-mail address or user name."""
    return await store.by_login(unit, login)


async def create(unit: Unit, passwords: Passwords, *, email: str, name: str, password: str) -> User:
    """A new person with a password that keeps the rules."""
    email = checked_email(email)
    if await store.by_login(unit, email) is not None:
        raise EmailTaken
    await passwords.judge(password, own_words(email, name))
    return admit(unit, email=email, name=name, password_hash=await passwords.hash(password))


def admit(unit: Unit, *, email: str, name: str, password_hash: str, **more: Any) -> User:
    """A new person whose values were checked: `more` may give username, language, time_zone."""
    given = {"username": None, "language": "", "time_zone": "UTC", **more}
    user = User(
        user_id=unit.new_id(), email=email, display_name=name.strip() or email.partition("@")[0],
        password_hash=password_hash, theme="auto", created_at=unit.now, disabled_at=None, version=1, **given,
    )  # fmt: skip
    store.add(unit, user)
    return user


def checked_email(email: str) -> str:
    """The address without blanks around it; EmailInvalid where it is none."""
    email = email.strip()
    if len(email) > _LONGEST_EMAIL or not _EMAIL.fullmatch(email):
        raise EmailInvalid
    return email


async def change(unit: Unit, principal: Principal, changes: Mapping[str, Any]) -> User:
    """Change what a person says of themselves: display_name, username, language, time_zone, theme."""
    user = await get(unit, principal.id)
    changed = {name: value for name, value in changes.items() if getattr(user, name) != value}
    if not changed:
        return user
    await _check(unit, user, changed)
    store.change(unit, user, **changed)
    audit.record(unit, principal, "user.changed", "user", public(user.user_id), None, {"changed": sorted(changed)})
    return msgspec.structs.replace(user, **changed, version=user.version + 1)


async def _check(unit: Unit, user: User, changes: Mapping[str, Any]) -> None:
    if "time_zone" in changes and not is_zone(changes["time_zone"]):
        raise Invalid("This time zone is not known.", errors=[Fault("time_zone", "This time zone is not known.")])
    username = changes.get("username")
    if username is None:
        return
    if "@" in username:
        raise Invalid("A user name has no @ in it.", errors=[Fault("username", "A user name has no @ in it.")])
    holder = await store.by_login(unit, username)
    if holder is not None and holder.user_id != user.user_id:
        raise UsernameTaken


def is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


async def verify(unit: Unit, passwords: Passwords, user: User | None, password: str) -> bool:
    """Whether this is the person's password; nobody's takes as long. An old hash is made anew as of today."""
    stored = user.password_hash if user is not None and user.disabled_at is None else None
    if not await passwords.check(stored, password) or user is None or stored is None:
        return False
    if renewed := await passwords.upgraded(stored, password):
        store.change(unit, user, password_hash=renewed)
    return True


async def change_password(unit: Unit, passwords: Passwords, principal: Principal, *, current: str, new: str) -> None:
    """Set a new password, when the present one is given right; the caller ends the other sessions."""
    user = await get(unit, principal.id)
    if not await passwords.check(user.password_hash, current):
        raise PasswordWrong
    await passwords.judge(new, own_words(user.email, user.display_name), field="new_password")
    store.change(unit, user, password_hash=await passwords.hash(new))
    audit.record(unit, principal, "user.password_changed", "user", public(user.user_id))


def own_words(email: str, name: str) -> list[str]:
    """What a person's password must not be made of."""
    return [email, *re.split(r"[@.\s]+", email), name, *name.split()]


async def freeze(unit: Unit, user: User, email: str) -> None:
    """Nobody signs in as this person until the access is restored; letters go to `email` from now on.

    Where another person has that address by now it does not find this one: a user name does.
    """
    holder = await store.by_login(unit, email)
    store.freeze(unit, user, email, is_found=holder is None or holder.user_id == user.user_id)


def hold(unit: Unit, user: User) -> None:
    """The person must not be changed by another unit meanwhile, which ends one of both STALE."""
    store.change(unit, user)


def forget(unit: Unit, user: User) -> None:
    """Nobody finds the person by address or name any more, or signs in as them."""
    store.forget(unit, user)


def restore(unit: Unit, user: User, password_hash: str) -> None:
    """A new password, and an end to a freeze."""
    store.change(unit, user, password_hash=password_hash, disabled_at=None)


async def change_address(unit: Unit, principal: Principal, email: str) -> User:
    """The person's new e-mail address, which proved to be theirs; EmailTaken where another person has it."""
    user = await get(unit, principal.id)
    holder = await store.by_login(unit, email)
    if holder is not None and holder.user_id != user.user_id:
        raise EmailTaken
    if user.email != email:
        store.change(unit, user, email=email)
    store.keep_contact(unit, msgspec.structs.replace(await store.contact(unit, user.user_id), verified_at=unit.now))
    audit.record(unit, principal, "user.address_changed", "user", public(user.user_id))
    return user
