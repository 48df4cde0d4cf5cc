"""A forgotten password: the name, the code of a letter, the new password."""

from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from ocpp_css.edge import Page, Rate, gettext, page, posted, public, redirect
from ocpp_css.kit.errors import Refusal, TooMany
from ocpp_css.people.access.pages.asking import Asked, device_of, told_faults
from ocpp_css.people.access.service.recovery import NEW, Recovery
from ocpp_css.people.accounts import CodeWrong

PATH = "/console/recovery"
TRIES = Rate(burst=20, per_s=600)
_LONGEST = 254


@get(PATH, opt=public())
async def ask_page() -> Page:
    return page("access/recovery.html", title=gettext("Forgot the password?"))


@post(PATH, opt=public(rate=TRIES), status_code=303)
async def ask(request: Asked, recovery: NamedDependency[Recovery]) -> Response[Any]:
    token = await recovery.ask((await posted(request)).get("login", "")[:_LONGEST])
    return redirect(request, f"{PATH}/code/{token}")


@get(f"{PATH}/code/{{token:str}}", opt=public())
async def code_page(token: FromPath[str]) -> Page:
    return _code_form(token)


@post(f"{PATH}/code/{{token:str}}", opt=public(rate=TRIES), status_code=200)
async def open_recovery(
    request: Asked, recovery: NamedDependency[Recovery], token: FromPath[str]
) -> Page | Response[Any]:
    try:
        opened = await recovery.open(token, (await posted(request)).get("code", ""), device_of(request))
    except CodeWrong as refusal:
        return _code_form(token, refusal)
    if not opened.token:
        return page("access/recovery_waits.html", title=gettext("A letter follows"))
    return redirect(request, NEW + opened.token)


@get(f"{NEW}{{token:str}}", opt=public(rate=TRIES))
async def new_page(recovery: NamedDependency[Recovery], token: FromPath[str]) -> Page:
    return _new_form(token, wants_factor=await recovery.needs_factor(token))


@post(f"{NEW}{{token:str}}", opt=public(rate=TRIES), status_code=200)
async def set_new(request: Asked, recovery: NamedDependency[Recovery], token: FromPath[str]) -> Page | Response[Any]:
    form = await request.form()
    wants_factor = await recovery.needs_factor(token)
    try:
        await recovery.set_password(
            token, str(form.get("new_password", "")), str(form.get("code", "")), device_of(request)
        )
    except Refusal as refusal:
        if not refusal.errors and not isinstance(refusal, TooMany):
            raise
        return _new_form(token, refusal, wants_factor=wants_factor)
    return redirect(request, "/console/sign-in")


def _code_form(token: str, refusal: Refusal | None = None) -> Page:
    return page(
        "access/recovery_code.html", title=gettext("Look into your mail"), token=token, errors=told_faults(refusal),
        status=refusal.status if refusal else 200,
    )  # fmt: skip


def _new_form(token: str, refusal: Refusal | None = None, *, wants_factor: bool) -> Page:
    told = gettext(refusal.title) if isinstance(refusal, TooMany) else ""
    return page(
        "access/recovery_new.html", title=gettext("Set a new password"), token=token, wants_factor=wants_factor,
        told=told, errors={} if told else told_faults(refusal), status=refusal.status if refusal else 200,
    )  # fmt: skip
