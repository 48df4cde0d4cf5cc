"""Signing in and out, and the first start."""

from typing import Any
from urllib.parse import quote

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from ocpp_css.edge import (
    Page,
    Principal,
    Rate,
    duration,
    gettext,
    local_path,
    needs,
    page,
    posted,
    public,
    redirect,
)
from ocpp_css.kit.errors import Refusal, TooMany
from ocpp_css.kit.ids import number_of, parse_public
from ocpp_css.people.access.errors import NotAMember, SignInRefused
from ocpp_css.people.access.pages.asking import Asked, cookie_of, device_of, drop, keep, keep_device, told_faults
from ocpp_css.people.access.service.sessions import Sessions
from ocpp_css.people.access.service.sign_in import SignIn
from ocpp_css.people.accounts import CodeWrong, PersonNeeded, standing
from ocpp_css.storage import PROVIDER, Database

PATH = "/console/sign-in"
HOME = "/console"
TRIES = Rate(burst=30, per_s=60)
"""Of one address; the delay after failures is counted apart, by person."""


@get(PATH, opt=public())
async def sign_in_page(request: Asked, principal: NamedDependency[Principal]) -> Page | Response[Any]:
    target = local_path(request.query_params.get("next"))
    return redirect(request, target) if principal.kind == "user" else _form(target)


@post(PATH, opt=public(rate=TRIES), status_code=200)
async def sign_in(request: Asked, entrance: NamedDependency[SignIn]) -> Page | Response[Any]:
    form = await posted(request)
    password = str((await request.form()).get("password", ""))
    target = local_path(form.get("next"))
    is_kept = form.get("is_kept") == "yes"
    try:
        entry = await entrance.with_password(
            form.get("login", ""), password, device_of(request), cookie_of(request), is_kept=is_kept
        )
    except (SignInRefused, TooMany) as refusal:
        return _form(target, form.get("login", ""), refusal)
    if entry.token:
        return keep_device(request, redirect(request, f"{PATH}/code/{entry.token}?next={quote(target)}"))
    return keep(request, redirect(request, target), entry.cookie, is_kept=is_kept)


@get(f"{PATH}/code/{{token:str}}", opt=public(rate=TRIES))
async def code_page(request: Asked, entrance: NamedDependency[SignIn], token: FromPath[str]) -> Page:
    return _code_form(request, token, wants_factor=await entrance.wants_factor(token))


@post(f"{PATH}/code/{{token:str}}", opt=public(rate=TRIES), status_code=200)
async def sign_in_code(request: Asked, entrance: NamedDependency[SignIn], token: FromPath[str]) -> Page | Response[Any]:
    form = await posted(request)
    wants_factor = await entrance.wants_factor(token)
    try:
        entry = await entrance.with_code(token, form.get("code", ""), device_of(request), cookie_of(request))
    except (CodeWrong, TooMany) as refusal:
        return _code_form(request, token, refusal, wants_factor=wants_factor)
    target = local_path(request.query_params.get("next"))
    return keep(request, redirect(request, target), entry.cookie, is_kept=entry.is_kept)


def _code_form(request: Asked, token: str, refusal: Refusal | None = None, *, wants_factor: bool) -> Page:
    told = _told(refusal) if isinstance(refusal, TooMany) else ""
    return page(
        "access/sign_in_code.html", title=gettext("Confirm that it is you"), token=token, wants_factor=wants_factor,
        target=local_path(request.query_params.get("next")), errors={} if told else told_faults(refusal), told=told,
        status=refusal.status if refusal else 200, headers=refusal.headers if refusal else {},
    )  # fmt: skip


def _told(refusal: TooMany) -> str:
    wait = gettext("Try again in {time}.", time=duration(refusal.retry_after))
    return f"{gettext(refusal.title)}. {wait}"


def _form(target: str, login: str = "", refusal: Refusal | None = None) -> Page:
    told = _told(refusal) if isinstance(refusal, TooMany) else gettext(refusal.template) if refusal else ""
    return page(
        "access/sign_in.html", title=gettext("Sign in"), target=target, login=login, told=told,
        status=refusal.status if refusal else 200, headers=refusal.headers if refusal else {},
    )  # fmt: skip


@get("/console/sign-in/link/{token:str}", opt=public(rate=TRIES))
async def sign_in_link(request: Asked, entrance: NamedDependency[SignIn], token: FromPath[str]) -> Response[Any]:
    cookie = await entrance.with_link(token, device_of(request), cookie_of(request))
    return keep(request, redirect(request, HOME), cookie)


@post("/console/sign-out", opt=public(), status_code=303)
async def sign_out(
    request: Asked,
    db: NamedDependency[Database],
    principal: NamedDependency[Principal],
    sessions: NamedDependency[Sessions],
) -> Response[Any]:
    if principal.kind == "user":
        unit = db.unit(PROVIDER)
        await sessions.end(unit, principal, parse_public(principal.session) or 0)
        await unit.commit()
    return drop(request, redirect(request, PATH))


@post("/console/account/{account_id:str}", opt=needs(""), status_code=303)
async def switch_account(
    request: Asked,
    db: NamedDependency[Database],
    principal: NamedDependency[Principal],
    sessions: NamedDependency[Sessions],
    account_id: FromPath[str],
) -> Response[Any]:
    if principal.kind != "user":
        raise PersonNeeded
    number = number_of(account_id, NotAMember)
    unit = db.unit(PROVIDER)
    renewed = await sessions.switch(unit, principal, number)
    await unit.commit()
    return keep(request, redirect(request, HOME), renewed.cookie, is_kept=renewed.is_kept)


@get("/console/first-start/{token:str}", opt=public(rate=TRIES))
async def first_start_page(db: NamedDependency[Database], token: FromPath[str]) -> Page:
    await standing(db.unit(PROVIDER), token, "first_start")
    return _first_form(token, {})


@post("/console/first-start/{token:str}", opt=public(rate=TRIES), status_code=200)
async def first_start(
    request: Asked, db: NamedDependency[Database], entrance: NamedDependency[SignIn], token: FromPath[str]
) -> Page | Response[Any]:
    form = await posted(request)
    password = str((await request.form()).get("password", ""))
    await standing(db.unit(PROVIDER), token, "first_start")
    try:
        cookie = await entrance.first_start(
            token, name=form.get("name", "")[:100], email=form.get("email", ""), password=password,
            device=device_of(request),
        )  # fmt: skip
    except Refusal as refusal:
        if not refusal.errors:
            raise
        return _first_form(token, form, refusal)
    return keep(request, redirect(request, HOME), cookie)


def _first_form(token: str, form: dict[str, str], refusal: Refusal | None = None) -> Page:
    return page(
        "access/first_start.html", status=refusal.status if refusal else 200, title=gettext("Welcome"), token=token,
        form=form, errors=told_faults(refusal),
    )  # fmt: skip
