"""Who belongs to which account; all functions take a unit of the service itself (tenant PROVIDER)."""

from collections.abc import Sequence

from ocpp_css.edge.principal import Principal
from ocpp_css.kit.ids import public
from ocpp_css.people import accounts, audit
from ocpp_css.people.access.model import Membership, Role
from ocpp_css.people.access.store import members
from ocpp_css.storage import Unit


async def memberships(unit: Unit, user_id: int) -> tuple[Membership, ...]:
    """The memberships of a person as this process remembers them, the oldest first."""
    return await unit.cached(members.BY_USER, user_id)


def join(unit: Unit, principal: Principal, user_id: int, account_id: int, role: Role) -> Membership:
    """Make a person a member of an account; the account's log names `principal`, who let them in."""
    membership = Membership(user_id=user_id, account_id=account_id, role=role, created_at=unit.now, version=1)
    members.add(unit, membership)
    audit.record(unit, principal, "member.joined", "user", public(user_id), None, {"role": role})
    return membership


def looked_at(held: Sequence[Membership], account_id: int) -> Membership | None:
    """The membership by which a session acts: of the account it looks at, else the oldest; None without any."""
    return next((one for one in held if one.account_id == account_id), held[0] if held else None)


async def is_member(unit: Unit, user_id: int, account_id: int) -> bool:
    """Whether a person belongs to an account, as the database has it."""
    return await members.one(unit, account_id, user_id) is not None


async def member_named(unit: Unit, account_id: int, login: str) -> accounts.User | None:
    """The person of an account with this address or user name."""
    user = await accounts.find_login(unit, login)
    return user if user is not None and await is_member(unit, user.user_id, account_id) else None


async def people(unit: Unit, account_id: int, most: int) -> list[accounts.User]:
    """Up to `most` people of an account, in the order of their names."""
    held = (await members.of_account(unit, account_id))[:most]
    found = await accounts.named(unit, [one.user_id for one in held])
    return sorted(found.values(), key=lambda user: user.display_name.casefold())


async def home(unit: Unit, user_id: int) -> int:
    """The account a person begins in; 0 for one without any."""
    found = await memberships(unit, user_id)
    return found[0].account_id if found else 0
