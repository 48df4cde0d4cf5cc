"""One's own sessions and password."""

import re
from dataclasses import replace
from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from ocpp_css.edge import Page, Principal, Rate, gettext, needs, page, redirect
from ocpp_css.kit.errors import Refusal
from ocpp_css.kit.ids import number_of, public
from ocpp_css.people import tenants
from ocpp_css.people.access.errors import NotAMember, SessionUnknown
from ocpp_css.people.access.model import ROLE_NAMES, Session
from ocpp_css.people.access.pages.asking import Asked, device_of, drop, told_faults
from ocpp_css.people.access.pages.sign_in import PATH as SIGN_IN
from ocpp_css.people.access.service import roster
from ocpp_css.people.access.service.departures import Departures
from ocpp_css.people.access.service.letters import PASSWORD_CHANGED, warn
from ocpp_css.people.access.service.members import memberships
from ocpp_css.people.access.service.places import browser_of
from ocpp_css.people.access.service.sessions import Sessions
from ocpp_css.people.accounts import Passwords, PersonNeeded, change_password
from ocpp_css.people.accounts import get as get_user
from ocpp_css.people.notices import Post
from ocpp_css.storage import PROVIDER, Database, Unit

SESSIONS = "/console/me/sessions"
ACCOUNTS = "/console/me/accounts"
PASSWORD = "/console/me/password"  # noqa: S105 - a path


@get(SESSIONS, opt=needs(""))
async def sessions_page(
    db: NamedDependency[Database], principal: NamedDependency[Principal], sessions: NamedDependency[Sessions]
) -> Page:
    _person(principal)
    found = [_shown(one, principal) for one in await sessions.of(db.unit(PROVIDER), principal)]
    return page("access/sessions.html", title=gettext("Sessions"), sessions=found)


@post(f"{SESSIONS}/{{session_id:str}}/end", opt=needs(""), status_code=303)
async def end_session(
    request: Asked,
    db: NamedDependency[Database],
    principal: NamedDependency[Principal],
    sessions: NamedDependency[Sessions],
    session_id: FromPath[str],
) -> Response[Any]:
    _person(principal)
    number = number_of(session_id, SessionUnknown)
    unit = db.unit(PROVIDER)
    await sessions.end(unit, principal, number)
    await unit.commit()
    if session_id == principal.session:
        return drop(request, redirect(request, SIGN_IN))
    return redirect(request, SESSIONS)


@post(f"{SESSIONS}/end-others", opt=needs(""), status_code=303)
async def end_other_sessions(
    request: Asked,
    db: NamedDependency[Database],
    principal: NamedDependency[Principal],
    sessions: NamedDependency[Sessions],
) -> Response[Any]:
    _person(principal)
    unit = db.unit(PROVIDER)
    await sessions.end_others(unit, principal)
    await unit.commit()
    return redirect(request, SESSIONS)


@get(ACCOUNTS, opt=needs(""))
async def accounts_page(db: NamedDependency[Database], principal: NamedDependency[Principal]) -> Page:
    return page(
        "access/accounts.html", title=gettext("Accounts"), accounts=await _accounts(db.unit(PROVIDER), principal)
    )


@get(f"{ACCOUNTS}/menu", opt=needs(""))
async def accounts_menu(db: NamedDependency[Database], principal: NamedDependency[Principal]) -> Page:
    return page("access/accounts_menu.html", accounts=await _accounts(db.unit(PROVIDER), principal))


async def _accounts(unit: Unit, principal: Principal) -> list[dict[str, Any]]:
    _person(principal)
    found = []
    for one in await memberships(unit, principal.id):
        account = await tenants.get(unit, one.account_id)
        found.append(
            {
                "id": public(one.account_id),
                "name": account.name,
                "region": account.region,
                "role": ROLE_NAMES[one.role],
                "is_here": one.account_id == principal.tenant,
            }
        )
    return found


@post(f"{ACCOUNTS}/{{account_id:str}}/leave", opt=needs(""), status_code=303)
async def leave_account(
    request: Asked,
    db: NamedDependency[Database],
    principal: NamedDependency[Principal],
    post: NamedDependency[Post],
    departures: NamedDependency[Departures],
    account_id: FromPath[str],
) -> Response[Any]:
    _person(principal)
    number = number_of(account_id, NotAMember)
    unit = db.unit(PROVIDER)
    await roster.remove(unit, post, departures, replace(principal, tenant=number), number, principal.id)
    await unit.commit()
    return redirect(request, ACCOUNTS)


@get(PASSWORD, opt=needs(""))
async def password_page(principal: NamedDependency[Principal]) -> Page:
    _person(principal)
    return page("access/password.html", title=gettext("Password"), errors={}, is_done=False)


@post(PASSWORD, opt=needs("", rate=Rate(burst=10, per_s=300)), status_code=200)
async def set_password(
    request: Asked,
    db: NamedDependency[Database],
    principal: NamedDependency[Principal],
    sessions: NamedDependency[Sessions],
    passwords: NamedDependency[Passwords],
    post: NamedDependency[Post],
) -> Page:
    _person(principal)
    form = await request.form()
    current, new = str(form.get("current_password", "")), str(form.get("new_password", ""))
    unit = db.unit(PROVIDER)
    try:
        await change_password(unit, passwords, principal, current=current, new=new)
    except Refusal as refusal:
        return page(
            "access/password.html", status=refusal.status, title=gettext("Password"), errors=told_faults(refusal),
            is_done=False,
        )  # fmt: skip
    await sessions.end_others(unit, principal)
    await warn(post, unit, await get_user(unit, principal.id), PASSWORD_CHANGED, device_of(request))
    await unit.commit()
    return page("access/password.html", title=gettext("Password"), errors={}, is_done=True)


def _person(principal: Principal) -> None:
    if principal.kind != "user":
        raise PersonNeeded


def _shown(session: Session, principal: Principal) -> dict[str, Any]:
    return {
        "id": public(session.session_id),
        "device": device_name(session.user_agent),
        "user_agent": session.user_agent,
        "address": session.address,
        "created_at": session.created_at,
        "last_used_at": session.last_used_at,
        "is_here": public(session.session_id) == principal.session,
    }


def device_name(user_agent: str) -> str:
    """A browser and a system that a person recognises; the beginning of the text where none is known."""
    browser, system = browser_of(user_agent)
    if browser and system:
        return gettext("{browser} on {system}", browser=browser, system=system)
    return browser or system or re.split(r"[\s(]", user_agent, maxsplit=1)[0][:40] or gettext("Unknown device")
