"""The people of the account: who they are in it, inviting, other roles, taking out."""

from collections.abc import AsyncIterator
from typing import Any, cast

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Stream

from ocpp_css.edge import (
    SEEN,
    ChangedMeanwhile,
    Column,
    Empty,
    Filter,
    Page,
    Principal,
    Table,
    TableQuery,
    gettext,
    lazy,
    must_match,
    needs,
    page,
    posted,
    reader,
    redirect,
    tag_of,
)
from ocpp_css.edge.exports import csv_lines
from ocpp_css.kit.clock import rfc3339
from ocpp_css.kit.errors import Refusal
from ocpp_css.kit.ids import number_of, public
from ocpp_css.people import audit
from ocpp_css.people.access.errors import InvitationUnknown, MemberUnknown
from ocpp_css.people.access.model import ROLE_NAMES, ROLE_TEXTS, ROLES, Invitation, Role, may_give
from ocpp_css.people.access.pages.asking import Asked, told_faults
from ocpp_css.people.access.service import invitations as offers
from ocpp_css.people.access.service import roster
from ocpp_css.people.access.service.departures import Departures
from ocpp_css.people.access.service.invitations import Invitations
from ocpp_css.people.access.service.roster import Member
from ocpp_css.people.access.service.sessions import Sessions
from ocpp_css.people.notices import Post
from ocpp_css.storage import PROVIDER, Database

PATH = "/console/people"
INVITATIONS, INVITE = f"{PATH}/~invitations", f"{PATH}/~invite"
ONE, OFFER = f"{PATH}/{{user_id:str}}", f"{INVITATIONS}/{{invitation_id:str}}"
EXPORT, EXPORTED_AT_ONCE = f"{PATH}/~export.csv", 500
_EXPORTED = ("id", "name", "email", "username", "role", "joined_at", "is_frozen")
BACK = f"{PATH}/{{user_id}}"
"""Where one returns to who had to prove who they are."""
_ROLES = Filter("role", lazy("Role"), [(role, lazy(name)) for role, name in ROLE_NAMES.items()])
_COLUMNS = (
    Column("name", lazy("Name"), sort="name"),
    Column("email", lazy("E-mail address"), sort="email"),
    Column("role", lazy("Role"), sort="role"),
    Column("joined_at", lazy("Belongs to it since"), sort="joined_at"),
)
_INVITED_COLUMNS = (
    Column("email", lazy("E-mail address")),
    Column("role", lazy("Role")),
    Column("created_at", lazy("Invited")),
    Column("expires_at", lazy("Works until")),
    Column("actions", lazy("Actions")),
)
_ALONE = Empty(
    lazy("Nobody belongs to this account"), lazy("It was made on the command line without a person."), "users",
    lazy("Invite somebody"), INVITE,
)  # fmt: skip
_NO_OFFERS = Empty(
    lazy("No invitation is open"), lazy("Who accepts an invitation appears among the people of the account."), "mail",
    lazy("Invite somebody"), INVITE,
)  # fmt: skip


@get(PATH, opt=needs("users:read"))
async def people_page(request: Asked, db: NamedDependency[Database], principal: NamedDependency[Principal]) -> Page:
    query = TableQuery.of(request, sorts=tuple(roster.SORTS), filters=[_ROLES])
    found = await roster.page(
        db.unit(PROVIDER), principal.tenant, query.paging, search=query.search, role=query.chosen.get("role", "")
    )
    table = Table(
        "people", lazy("People"), _COLUMNS, query, found.map(_row), _ALONE, filters=[_ROLES],
        export=query.href().replace(PATH, EXPORT, 1),
    )  # fmt: skip
    return page("access/people.html", title=gettext("People"), table=table)


@get(EXPORT, opt=needs("users:read"))
async def export_people(request: Asked, db: NamedDependency[Database], principal: NamedDependency[Principal]) -> Stream:
    query, unit = TableQuery.of(request, sorts=tuple(roster.SORTS), filters=[_ROLES]), db.unit(PROVIDER)
    audit.record(unit, principal, "member.exported", "user", "*")
    await unit.commit()
    found = await roster.everybody(unit, principal.tenant, search=query.search, role=query.chosen.get("role", ""))
    headers = {"Content-Disposition": 'attachment; filename="people.csv"'}
    return Stream(_csv(found), media_type="text/csv; charset=utf-8", headers=headers)


async def _csv(found: list[Member]) -> AsyncIterator[str]:
    """All people, by name, some hundred lines at a time."""
    yield csv_lines([_EXPORTED])
    ordered = sorted(found, key=roster.SORTS["name"])
    for begin in range(0, len(ordered), EXPORTED_AT_ONCE):
        yield csv_lines(_cells(one) for one in ordered[begin : begin + EXPORTED_AT_ONCE])


def _cells(one: Member) -> list[Any]:
    return [
        public(one.user_id), one.name, one.email, one.username, one.role, rfc3339(one.joined_at), one.is_frozen
    ]  # fmt: skip


@get(INVITATIONS, opt=needs("users:read"))
async def invitations_page(
    request: Asked, db: NamedDependency[Database], principal: NamedDependency[Principal]
) -> Page:
    query = TableQuery.of(request, sorts=("-id",))
    unit = db.unit(PROVIDER)
    found = await offers.page(unit, principal.tenant, query.paging, query.search)
    rows = found.map(lambda one: {**_offer_row(one), "is_over": one.expires_at <= unit.now})
    table = Table("invitations", lazy("Invitations"), _INVITED_COLUMNS, query, rows, _NO_OFFERS)
    return page("access/invitations.html", title=gettext("Invitations"), table=table)


@get(INVITE, opt=needs("users:write", proof=INVITE))
async def invite_page(
    principal: NamedDependency[Principal],
) -> Page:
    return _form(principal, {})


@post(INVITE, opt=needs("users:write", proof=INVITE), status_code=200)
async def invite(
    request: Asked,
    db: NamedDependency[Database],
    principal: NamedDependency[Principal],
    invitations: NamedDependency[Invitations],
) -> Page | Response[Any]:
    unit = db.unit(PROVIDER)
    form = await posted(request)
    if form.get("role", "") not in ROLES:
        return _form(principal, form, errors={"role": gettext("Choose a role.")})
    try:
        await invitations.invite(
            unit, principal, form.get("email", ""), cast("Role", form["role"]), reader().language.code
        )
    except Refusal as refusal:
        return _form(principal, form, refusal)
    await unit.commit()
    return redirect(request, INVITATIONS)


@post(f"{OFFER}/resend", opt=needs("users:write"), status_code=303)
async def resend(
    request: Asked,
    db: NamedDependency[Database],
    principal: NamedDependency[Principal],
    invitations: NamedDependency[Invitations],
    invitation_id: FromPath[str],
) -> Response[Any]:
    unit = db.unit(PROVIDER)
    await invitations.send_again(unit, principal, number_of(invitation_id, InvitationUnknown), reader().language.code)
    await unit.commit()
    return redirect(request, INVITATIONS)


@post(f"{OFFER}/withdraw", opt=needs("users:write"), status_code=303)
async def withdraw(
    request: Asked, db: NamedDependency[Database], principal: NamedDependency[Principal], invitation_id: FromPath[str]
) -> Response[Any]:
    unit = db.unit(PROVIDER)
    await offers.withdraw(unit, principal, principal.tenant, number_of(invitation_id, InvitationUnknown))
    await unit.commit()
    return redirect(request, INVITATIONS)


@get(ONE, opt=needs("users:read"))
async def person_page(
    db: NamedDependency[Database], principal: NamedDependency[Principal], user_id: FromPath[str]
) -> Page:
    member = await roster.get(db.unit(PROVIDER), principal.tenant, number_of(user_id, MemberUnknown))
    return _person(principal, member)


@post(ONE, opt=needs("users:write", proof=BACK), status_code=200)
async def change_person(
    request: Asked,
    db: NamedDependency[Database],
    principal: NamedDependency[Principal],
    post: NamedDependency[Post],
    user_id: FromPath[str],
) -> Page | Response[Any]:
    unit, number = db.unit(PROVIDER), number_of(user_id, MemberUnknown)
    member = await roster.get(unit, principal.tenant, number)
    form = await posted(request)
    role = form.get("role", "")
    if role not in ROLES:
        return _person(principal, member, told=gettext("Choose a role."))
    try:
        await roster.change_role(unit, post, principal, principal.tenant, number, cast("Role", role))
        must_match(form.get(SEEN), await roster.get(unit, principal.tenant, number))
    except Refusal as refusal:
        return _person(principal, member, refusal, chosen=role)
    await unit.commit()
    return redirect(request, PATH)


@post(f"{ONE}/remove", opt=needs("users:write", proof=BACK), status_code=200)
async def remove_person(
    request: Asked,
    db: NamedDependency[Database],
    principal: NamedDependency[Principal],
    post: NamedDependency[Post],
    departures: NamedDependency[Departures],
    user_id: FromPath[str],
) -> Page | Response[Any]:
    unit, number = db.unit(PROVIDER), number_of(user_id, MemberUnknown)
    member = await roster.get(unit, principal.tenant, number)
    try:
        must_match((await posted(request)).get(SEEN), member)
        await roster.remove(unit, post, departures, principal, principal.tenant, number)
    except Refusal as refusal:
        return _person(principal, member, refusal)
    await unit.commit()
    return redirect(request, PATH)


@post(f"{ONE}/sessions/end", opt=needs("users:write"), status_code=303)
async def end_sessions(
    request: Asked,
    db: NamedDependency[Database],
    principal: NamedDependency[Principal],
    sessions: NamedDependency[Sessions],
    post: NamedDependency[Post],
    user_id: FromPath[str],
) -> Response[Any]:
    unit = db.unit(PROVIDER)
    await roster.end_sessions(unit, post, sessions, principal, number_of(user_id, MemberUnknown))
    await unit.commit()
    return redirect(request, f"{PATH}/{user_id}")


def _row(member: Member) -> dict[str, Any]:
    return {
        **msgspec.structs.asdict(member), "id": public(member.user_id), "role": ROLE_NAMES[member.role]
    }  # fmt: skip


def _offer_row(invitation: Invitation) -> dict[str, Any]:
    fields = msgspec.structs.asdict(invitation)
    return {**fields, "id": public(invitation.invitation_id), "role": ROLE_NAMES[invitation.role]}


def _choices(principal: Principal) -> list[tuple[str, str, str]]:
    """The roles that one may give: value, name, what it is for."""
    return [
        (role, gettext(ROLE_NAMES[role]), gettext(ROLE_TEXTS[role]))
        for role in ROLES
        if may_give(principal.permissions, role)
    ]


def _said(refusal: Refusal | None) -> str:
    if refusal is None or refusal.errors:
        return ""
    return " ".join(part for part in (f"{gettext(refusal.title)}.", gettext(refusal.template)) if part)


def _form(
    principal: Principal, form: dict[str, str], refusal: Refusal | None = None, errors: dict[str, str] | None = None
) -> Page:
    faults = errors or told_faults(refusal)
    status = refusal.status if refusal else 422 if faults else 200
    return page(
        "access/invite.html", status=status, title=gettext("Invite somebody"), form=form, errors=faults,
        told=_said(refusal), choices=_choices(principal),
    )  # fmt: skip


def _person(
    principal: Principal, member: Member, refusal: Refusal | None = None, told: str = "", chosen: str = ""
) -> Page:
    is_overtaken = isinstance(refusal, ChangedMeanwhile)
    said = "" if is_overtaken else told or _said(refusal)
    return page(
        "access/person.html", status=refusal.status if refusal else 422 if told else 200, title=member.name,
        member=member, told=said, id=public(member.user_id), role=ROLE_NAMES[member.role],
        choices=_choices(principal), may_change=may_give(principal.permissions, member.role),
        is_oneself=principal.kind == "user" and principal.id == member.user_id, chosen=chosen or member.role,
        tag=tag_of(member), is_overtaken=is_overtaken,
    )  # fmt: skip


HANDLERS = (
    people_page, export_people, invitations_page, invite_page, invite, resend, withdraw, person_page, change_person,
    remove_person, end_sessions,
)  # fmt: skip
