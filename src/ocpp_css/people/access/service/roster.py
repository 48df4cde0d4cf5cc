"""The people of an account: who they are in it, other roles, and leaving; units are the service's own (PROVIDER)."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from ocpp_css.edge.principal import Principal
from ocpp_css.kit.ids import public
from ocpp_css.kit.paging import BadCursor, Page, PageRequest, page_of
from ocpp_css.people import accounts, audit, tenants
from ocpp_css.people.access.errors import LastOwner, MemberUnknown, RoleTooHigh
from ocpp_css.people.access.model import ROLES, Membership, Role, may_give
from ocpp_css.people.access.service.departures import Departures
from ocpp_css.people.access.service.invitations import withdraw_those_of
from ocpp_css.people.access.service.letters import person_of
from ocpp_css.people.access.service.sessions import Sessions
from ocpp_css.people.access.store import members as store
from ocpp_css.people.accounts import User
from ocpp_css.people.notices import Notice, Post
from ocpp_css.storage import Unit


def _(text: str) -> str:
    """Marks a text for translation; it is translated where it is shown."""
    return text


ROLE_CHANGED = Notice(
    category="account", title=_("Your role in {account} was changed"),
    text=_("{name} changed what you may do in the account {account}."),
    path="/console/me/accounts", action=_("See your accounts"),
)  # fmt: skip
REMOVED = Notice(
    category="account", title=_("You do not belong to {account} any more"),
    text=_("{name} took you out of the account {account}. You see nothing of it from now on."),
    path="/console/me/accounts", action=_("See your accounts"),
)  # fmt: skip

SIGNED_OUT = Notice(
    category="account", title=_("Your sessions in {account} were ended"),
    text=_("{name} ended the sessions by which you were signed in to the account {account}. Sign in again to go on."),
    path="/console/me/sessions", action=_("See your sessions"),
)  # fmt: skip


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """A person as an account knows them; `is_frozen` while nobody can sign in as them."""

    user_id: int
    name: str
    email: str
    username: str | None
    role: Role
    joined_at: datetime
    is_frozen: bool


_RANK = {role: number for number, role in enumerate(ROLES)}
SORTS: Mapping[str, Callable[[Member], Any]] = {
    "name": lambda one: one.name.casefold(),
    "email": lambda one: one.email.casefold(),
    "role": lambda one: _RANK[one.role],
    "joined_at": lambda one: one.joined_at,
}
"""By what the people of an account can be put in order."""


async def page(unit: Unit, account_id: int, request: PageRequest, *, search: str = "", role: str = "") -> Page[Member]:
    """The people of an account; `search` is a part of name, user name or address."""
    found = await everybody(unit, account_id, search=search, role=role)
    return page_of(_after(found, request)[: request.limit + 1], request, lambda one: _place(one, request))


async def everybody(unit: Unit, account_id: int, *, search: str = "", role: str = "") -> list[Member]:
    """All people of an account whom `page` would show, in no order."""
    held = await store.of_account(unit, account_id, role)
    people = await accounts.named(unit, [one.user_id for one in held])
    found = [_member(people[one.user_id], one) for one in held if one.user_id in people]
    wanted = search.casefold()
    return [one for one in found if wanted in f"{one.name}\n{one.email}\n{one.username or ''}".casefold()]


def _place(member: Member, request: PageRequest) -> tuple[Any, int]:
    return SORTS[request.column](member), member.user_id


def _after(found: list[Member], request: PageRequest) -> list[Member]:
    ordered = sorted(found, key=lambda one: _place(one, request), reverse=request.is_descending)
    if request.after is None:
        return ordered
    last = (request.after.value, request.after.id)
    try:
        if request.is_descending:
            return [one for one in ordered if _place(one, request) < last]
        return [one for one in ordered if _place(one, request) > last]
    except TypeError:
        raise BadCursor from None


async def get(unit: Unit, account_id: int, user_id: int) -> Member:
    """One person of an account; MemberUnknown where they do not belong to it."""
    membership = await _held(unit, account_id, user_id)
    return _member(await accounts.get(unit, user_id), membership)


async def change_role(
    unit: Unit, post: Post, principal: Principal, account_id: int, user_id: int, role: Role
) -> Member:
    """Give a person of the account another role; RoleTooHigh, or LastOwner where nobody would be left."""
    held = await _held(unit, account_id, user_id)
    _check(principal, held.role, role)
    user = await accounts.get(unit, user_id)
    if held.role == role:
        return _member(user, held)
    if held.role == "owner":
        await _leave_an_owner(unit, account_id)
    store.change(unit, held, role)
    if not may_give(ROLES[role], held.role):
        await withdraw_those_of(unit, principal, account_id, user_id)
    audit.record(unit, principal, "member.changed", "user", public(user_id), {"role": held.role}, {"role": role})
    await _tell(unit, post, principal, user, ROLE_CHANGED)
    return _member(user, msgspec.structs.replace(held, role=role))


async def remove(
    unit: Unit, post: Post, departures: Departures, principal: Principal, account_id: int, user_id: int
) -> None:
    """Take a person out of the account: they see nothing of it from their next request on, invitations they made end.

    What they made stays; their API keys stop working, and what was in their name, such as id tokens, is nobody's. A
    person may take themselves out.
    """
    held = await _held(unit, account_id, user_id)
    is_oneself = principal.kind == "user" and principal.id == user_id
    if not is_oneself:
        _check(principal, held.role)
    if held.role == "owner":
        await _leave_an_owner(unit, account_id)
    await departures.give_back(account_id, user_id, principal)
    store.remove(unit, held)
    await withdraw_those_of(unit, principal, account_id, user_id)
    action = "member.left" if is_oneself else "member.removed"
    audit.record(unit, principal, action, "user", public(user_id), {"role": held.role})
    if not is_oneself:
        await _tell(unit, post, principal, await accounts.get(unit, user_id), REMOVED)


async def end_sessions(unit: Unit, post: Post, sessions: Sessions, principal: Principal, user_id: int) -> None:
    """End the sessions by which a person acts in the account of the one who asks; RoleTooHigh.

    A session that looks at another of the person's accounts is not of this account's reach.
    """
    held = await _held(unit, principal.tenant, user_id)
    _check(principal, held.role)
    ended = await sessions.end_in(unit, principal, user_id, principal.tenant)
    audit.record(unit, principal, "member.signed_out", "user", public(user_id), None, {"sessions": ended})
    if ended:
        await _tell(unit, post, principal, await accounts.get(unit, user_id), SIGNED_OUT)


async def _held(unit: Unit, account_id: int, user_id: int) -> Membership:
    found = await store.one(unit, account_id, user_id)
    if found is None:
        raise MemberUnknown
    return found


def _check(principal: Principal, *roles: Role) -> None:
    if not all(may_give(principal.permissions, role) for role in roles):
        raise RoleTooHigh


async def _leave_an_owner(unit: Unit, account_id: int) -> None:
    """One owner is about to be none: there must be another, also if two go at once.

    The account is claimed before owners are counted: who commits after the claim makes this unit stale, who committed
    before it is not counted.
    """
    await tenants.claim(unit, account_id)
    if len(await store.of_account(unit, account_id, "owner")) < 2:
        raise LastOwner


async def _tell(unit: Unit, post: Post, principal: Principal, user: User, notice: Notice) -> None:
    if principal.kind == "user" and principal.id == user.user_id:
        return
    values = {"account": principal.account, "name": principal.name}
    await post.tell(unit, person_of(user), msgspec.structs.replace(notice, values=values))


def _member(user: User, held: Membership) -> Member:
    return Member(
        user_id=user.user_id, name=user.display_name, email=user.email, username=user.username, role=held.role,
        joined_at=held.created_at, is_frozen=user.disabled_at is not None,
    )  # fmt: skip
