"""The people of an account, their roles, and invitations, over REST."""

from datetime import datetime
from typing import Annotated, Final

import msgspec
from litestar import delete, get, patch
from litestar import post as posting
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta

from ocpp_css.edge import IfMatch, Principal, must_match, needs, reader
from ocpp_css.kit.ids import number_of, public
from ocpp_css.kit.paging import Page, page_request
from ocpp_css.people.access.errors import InvitationUnknown, MemberUnknown
from ocpp_css.people.access.model import ROLE_TEXTS, ROLES, Invitation, Role
from ocpp_css.people.access.service import invitations as offers
from ocpp_css.people.access.service import roster
from ocpp_css.people.access.service.departures import Departures
from ocpp_css.people.access.service.invitations import Invitations
from ocpp_css.people.access.service.roster import Member
from ocpp_css.people.access.service.sessions import Sessions
from ocpp_css.people.notices import Post
from ocpp_css.storage import PROVIDER, Database

SORTS: Final = tuple(roster.SORTS)
Text = Annotated[str, Meta(max_length=100)]


class UserShown(msgspec.Struct, frozen=True, kw_only=True):
    """A person of the account; `is_frozen` while nobody can sign in as them."""

    id: str
    name: str
    email: str
    username: str | None
    role: Role
    joined_at: datetime
    is_frozen: bool


class NewUser(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who shall be invited, and as what."""

    email: Annotated[str, Meta(min_length=3, max_length=254)]
    role: Role


class UserChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What of a person's membership may be changed."""

    role: Role


class InvitationShown(msgspec.Struct, frozen=True, kw_only=True):
    """An invitation that stands; its link is in the letter and nowhere else."""

    id: str
    email: str
    role: Role
    invited_by: str
    created_at: datetime
    expires_at: datetime


class RoleShown(msgspec.Struct, frozen=True, kw_only=True):
    """A role, what it is for, and what it permits; `*` is everything."""

    role: Role
    description: str
    permissions: list[str]


def shown(member: Member) -> UserShown:
    """The person with their number as public text."""
    fields = msgspec.structs.asdict(member)
    return UserShown(id=public(fields.pop("user_id")), **fields)


def shown_invitation(invitation: Invitation) -> InvitationShown:
    """The invitation without what it is known by."""
    return InvitationShown(
        id=public(invitation.invitation_id), email=invitation.email, role=invitation.role,
        invited_by=invitation.invited_by_name, created_at=invitation.created_at, expires_at=invitation.expires_at,
    )  # fmt: skip


@get("/api/v1/users", opt=needs("users:read"))
async def list_users(  # noqa: PLR0917 - what a list is asked
    db: NamedDependency[Database],
    principal: NamedDependency[Principal],
    limit: FromQuery[int | None] = None,
    cursor: FromQuery[str | None] = None,
    sort: FromQuery[str | None] = None,
    search: FromQuery[Text] = "",
    role: FromQuery[Role | None] = None,
) -> Page[UserShown]:
    """List the people of the account; `search` is a part of a name or address, `sort` name, email, role, joined_at."""
    asked = page_request(limit, cursor, sort, sorts=SORTS)
    found = await roster.page(db.unit(PROVIDER), principal.tenant, asked, search=search, role=role or "")
    return found.map(shown)


@posting("/api/v1/users", opt=needs("users:write", proof=True))
async def invite_user(
    db: NamedDependency[Database],
    principal: NamedDependency[Principal],
    invitations: NamedDependency[Invitations],
    data: JSONBody[NewUser],
) -> InvitationShown:
    """Invite somebody by letter; they are of the account once they accept. The role may permit no more than yours."""
    unit = db.unit(PROVIDER)
    made = await invitations.invite(unit, principal, data.email, data.role, reader().language.code)
    await unit.commit()
    return shown_invitation(made)


@get("/api/v1/users/{user_id:str}", opt=needs("users:read"))
async def read_user(
    db: NamedDependency[Database], principal: NamedDependency[Principal], user_id: FromPath[str]
) -> UserShown:
    """Show one person of the account."""
    return shown(await roster.get(db.unit(PROVIDER), principal.tenant, number_of(user_id, MemberUnknown)))


@patch("/api/v1/users/{user_id:str}", opt=needs("users:write", proof=True))
async def change_user(
    db: NamedDependency[Database],
    principal: NamedDependency[Principal],
    post: NamedDependency[Post],
    user_id: FromPath[str],
    data: JSONBody[UserChange],
    if_match: IfMatch = None,
) -> UserShown:
    """Give a person another role; it counts from their next request on."""
    unit, number = db.unit(PROVIDER), number_of(user_id, MemberUnknown)
    member = await roster.change_role(unit, post, principal, principal.tenant, number, data.role)
    must_match(if_match, shown(await roster.get(unit, principal.tenant, number)))
    await unit.commit()
    return shown(member)


@delete("/api/v1/users/{user_id:str}", opt=needs("users:write", proof=True))
async def remove_user(
    db: NamedDependency[Database],
    principal: NamedDependency[Principal],
    post: NamedDependency[Post],
    departures: NamedDependency[Departures],
    user_id: FromPath[str],
    if_match: IfMatch = None,
) -> None:
    """Take a person out of the account; what they made stays, their API keys stop working. The last owner stays."""
    unit, number = db.unit(PROVIDER), number_of(user_id, MemberUnknown)
    must_match(if_match, shown(await roster.get(unit, principal.tenant, number)))
    await roster.remove(unit, post, departures, principal, principal.tenant, number)
    await unit.commit()


@delete("/api/v1/users/{user_id:str}/sessions", opt=needs("users:write"))
async def end_sessions(
    db: NamedDependency[Database],
    principal: NamedDependency[Principal],
    sessions: NamedDependency[Sessions],
    post: NamedDependency[Post],
    user_id: FromPath[str],
) -> None:
    """End the sessions by which a person is signed in to this account; those that look at another account stay."""
    unit = db.unit(PROVIDER)
    await roster.end_sessions(unit, post, sessions, principal, number_of(user_id, MemberUnknown))
    await unit.commit()


@get("/api/v1/invitations", opt=needs("users:read"))
async def list_invitations(
    db: NamedDependency[Database],
    principal: NamedDependency[Principal],
    limit: FromQuery[int | None] = None,
    cursor: FromQuery[str | None] = None,
    search: FromQuery[Text] = "",
) -> Page[InvitationShown]:
    """List the invitations that were neither accepted nor taken back, the newest first."""
    asked = page_request(limit, cursor, sorts=("-id",))
    found = await offers.page(db.unit(PROVIDER), principal.tenant, asked, search)
    return found.map(shown_invitation)


@get("/api/v1/invitations/{invitation_id:str}", opt=needs("users:read"))
async def read_invitation(
    db: NamedDependency[Database], principal: NamedDependency[Principal], invitation_id: FromPath[str]
) -> InvitationShown:
    """Show one invitation that stands."""
    number = number_of(invitation_id, InvitationUnknown)
    return shown_invitation(await offers.get(db.unit(PROVIDER), principal.tenant, number))


@posting("/api/v1/invitations/{invitation_id:str}/resend", opt=needs("users:write"), status_code=200)
async def resend_invitation(
    db: NamedDependency[Database],
    principal: NamedDependency[Principal],
    invitations: NamedDependency[Invitations],
    invitation_id: FromPath[str],
    if_match: IfMatch = None,
) -> InvitationShown:
    """Send another letter with another link, for seven days from now; the old link stops working."""
    unit = db.unit(PROVIDER)
    number = number_of(invitation_id, InvitationUnknown)
    must_match(if_match, shown_invitation(await offers.get(unit, principal.tenant, number)))
    made = await invitations.send_again(unit, principal, number, reader().language.code)
    await unit.commit()
    return shown_invitation(made)


@delete("/api/v1/invitations/{invitation_id:str}", opt=needs("users:write"))
async def withdraw_invitation(
    db: NamedDependency[Database],
    principal: NamedDependency[Principal],
    invitation_id: FromPath[str],
    if_match: IfMatch = None,
) -> None:
    """Take an invitation back; its link stops working."""
    unit = db.unit(PROVIDER)
    number = number_of(invitation_id, InvitationUnknown)
    must_match(if_match, shown_invitation(await offers.get(unit, principal.tenant, number)))
    await offers.withdraw(unit, principal, principal.tenant, number)
    await unit.commit()


@get("/api/v1/roles", opt=needs("users:read"))
async def list_roles() -> Page[RoleShown]:
    """List the roles, and what each permits."""
    return Page(
        [RoleShown(role=role, description=ROLE_TEXTS[role], permissions=sorted(held)) for role, held in ROLES.items()]
    )


HANDLERS = (
    list_users, invite_user, read_user, change_user, remove_user, end_sessions, list_invitations, read_invitation,
    resend_invitation, withdraw_invitation, list_roles,
)  # fmt: skip
