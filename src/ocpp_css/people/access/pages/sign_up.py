"""Signing up: the form, and the code that proves the address."""

from typing import Any
from zoneinfo import available_timezones

import msgspec
from babel.core import get_global
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from ocpp_css.edge import Page, Rate, gettext, page, posted, public, reader, redirect
from ocpp_css.kit.clock import system_clock
from ocpp_css.kit.errors import Refusal
from ocpp_css.people.access.pages.asking import Asked, device_of, keep, told_faults
from ocpp_css.people.access.service.sign_up import Candidate, SignUp, SignUpRefused
from ocpp_css.people.access.service.work import WorkMissing
from ocpp_css.people.accounts import CodeWrong, named_countries

PATH = "/console/sign-up"
FIRST_STEPS = "/console/first-steps"
TRIES = Rate(burst=20, per_s=600)
_FIELDS = ("email", "name", "username", "company", "country", "phone", "birth_date", "time_zone", "region")


@get(PATH, opt=public())
async def sign_up_page(request: Asked, sign_up: NamedDependency[SignUp]) -> Page:
    return _form(request, sign_up, {})


@post(PATH, opt=public(rate=TRIES), status_code=200)
async def ask(request: Asked, sign_up: NamedDependency[SignUp]) -> Page | Response[Any]:
    form = await posted(request)
    password = str((await request.form()).get("password", ""))
    try:
        token = await sign_up.ask(candidate_of(request, form), password, form.get("work", ""))
    except (SignUpRefused, WorkMissing) as refusal:
        return _form(request, sign_up, form, refusal)
    return redirect(request, f"{PATH}/{token}")


@get(f"{PATH}/{{token:str}}", opt=public())
async def code_page(token: FromPath[str]) -> Page:
    return _code_form(token)


@post(f"{PATH}/{{token:str}}", opt=public(rate=TRIES), status_code=200)
async def confirm(request: Asked, sign_up: NamedDependency[SignUp], token: FromPath[str]) -> Page | Response[Any]:
    form = await posted(request)
    try:
        admitted = await sign_up.confirm(token, form.get("code", ""), device_of(request))
    except CodeWrong as refusal:
        return _code_form(token, refusal)
    return keep(request, redirect(request, FIRST_STEPS), admitted.cookie)


def _code_form(token: str, refusal: Refusal | None = None) -> Page:
    return page(
        "access/sign_up_code.html", status=refusal.status if refusal else 200, title=gettext("Look into your mail"),
        token=token, errors=told_faults(refusal),
    )  # fmt: skip


def _form(request: Asked, sign_up: SignUp, form: dict[str, str], refusal: Refusal | None = None) -> Page:
    return page(
        "access/sign_up.html", status=refusal.status if refusal else 200, title=gettext("Sign up"), form=form,
        errors=told_of(refusal), question=sign_up.work.question(system_clock()), bits=sign_up.work.bits,
        **about_you(request),
    )  # fmt: skip


def candidate_of(request: Asked, form: dict[str, str]) -> Candidate:
    """What the form says of the person."""
    given: dict[str, Any] = {name: form.get(name, "") for name in _FIELDS}
    return Candidate(
        **{**given, "time_zone": given["time_zone"] or "UTC"}, has_agreed=form.get("has_agreed") == "yes",
        language=_language(request, form.get("language", "")),
    )  # fmt: skip


def told_of(refusal: Refusal | None) -> dict[str, str]:
    """What is wrong with each field, in the reader's language."""
    return {fault.path: gettext(fault.message, n=15) for fault in refusal.errors} if refusal else {}


def about_you(request: Asked) -> dict[str, Any]:
    """What the fields offer in which somebody new tells of themselves."""
    return {
        "countries": named_countries(reader().language.locale),
        "zones": sorted(available_timezones() & _shown_zones()),
        "named_languages": [(one.code, one.name) for one in request.app.state.languages],
        "guesses": _guesses(),
    }


def _language(request: Asked, code: str) -> str:
    found = request.app.state.languages.named(code)
    return str(found.code if found is not None else reader().language.code)


def _shown_zones() -> set[str]:
    return {"UTC", *get_global("zone_territories")}


def _guesses() -> str:
    """The country of each time zone, from which the page guesses the person's."""
    return msgspec.json.encode(dict(get_global("zone_territories"))).decode()
