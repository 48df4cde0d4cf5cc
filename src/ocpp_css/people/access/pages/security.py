"""One's own security: proving again who one is, the second factor, and saying that it was somebody else."""

from typing import Any, cast

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from ocpp_css.edge import Page, Principal, Rate, gettext, local_path, needs, page, posted, public, redirect
from ocpp_css.edge.problems import PROVE
from ocpp_css.edge.qr import qr
from ocpp_css.kit.errors import Refusal, TooMany
from ocpp_css.kit.ids import parse_public
from ocpp_css.people import tenants
from ocpp_css.people.access.model import ROLE_NAMES, Made, Role
from ocpp_css.people.access.pages.asking import (
    Asked,
    device_of,
    drop,
    keep,
    told_faults,
)
from ocpp_css.people.access.service import disowned
from ocpp_css.people.access.service.guarding import Guard
from ocpp_css.people.access.service.letters import CODES_RENEWED, FACTOR_ADDED, FACTOR_REMOVED, NOT_ME_FOR, warn
from ocpp_css.people.access.service.second_factor import SecondFactors
from ocpp_css.people.access.service.sign_in import SignIn
from ocpp_css.people.access.store.proofs import last_closed
from ocpp_css.people.accounts import CodeWrong, PersonNeeded, contact_of, standing
from ocpp_css.people.accounts import get as get_user
from ocpp_css.people.notices import Notice, Post
from ocpp_css.storage import PROVIDER, Database, Unit

PATH = "/console/me/security"
TRIES = Rate(burst=20, per_s=600)


@get(PATH, opt=needs(""))
async def security_page(
    db: NamedDependency[Database], principal: NamedDependency[Principal], factors: NamedDependency[SecondFactors]
) -> Page:
    return await _page(db.unit(PROVIDER), principal, factors)


@get(PROVE, opt=needs(""))
async def prove_page(
    request: Asked,
    db: NamedDependency[Database],
    principal: NamedDependency[Principal],
    factors: NamedDependency[SecondFactors],
) -> Page:
    return _prove_form(request, wants_factor=await factors.is_on(db.unit(PROVIDER), _person(principal)))


@post(PROVE, opt=needs("", rate=TRIES), status_code=200)
async def prove(
    request: Asked,
    db: NamedDependency[Database],
    principal: NamedDependency[Principal],
    factors: NamedDependency[SecondFactors],
    entrance: NamedDependency[SignIn],
) -> Page | Response[Any]:
    wants_factor = await factors.is_on(db.unit(PROVIDER), _person(principal))
    form = await request.form()
    try:
        renewed = await entrance.prove(principal, str(form.get("current_password", "")), str(form.get("code", "")))
    except Refusal as refusal:
        return _prove_form(request, refusal, wants_factor=wants_factor)
    answer = redirect(request, local_path(request.query_params.get("next"), PATH))
    return keep(request, answer, renewed.cookie, is_kept=renewed.is_kept)


@post(f"{PATH}/factor", opt=needs("", proof=PATH), status_code=200)
async def begin_factor(
    db: NamedDependency[Database],
    principal: NamedDependency[Principal],
    factors: NamedDependency[SecondFactors],
) -> Page:
    unit = db.unit(PROVIDER)
    secret = await factors.begin(unit, await get_user(unit, _person(principal)))
    await unit.commit()
    return _factor_form(secret)


@post(f"{PATH}/factor/confirm", opt=needs("", rate=TRIES, proof=PATH), status_code=200)
async def confirm_factor(
    request: Asked,
    db: NamedDependency[Database],
    principal: NamedDependency[Principal],
    factors: NamedDependency[SecondFactors],
    post: NamedDependency[Post],
) -> Page:
    unit = db.unit(PROVIDER)
    user = await get_user(unit, _person(principal))
    try:
        codes = await factors.confirm(unit, principal, (await posted(request)).get("code", ""))
    except CodeWrong as refusal:
        secret = await factors.secret_of(unit, user)
        return _factor_form(secret or ("", ""), refusal)
    await warn(post, unit, user, FACTOR_ADDED, device_of(request))
    await unit.commit()
    return page("access/codes.html", title=gettext("Your recovery codes"), codes=codes)


@post(f"{PATH}/codes", opt=needs("", rate=TRIES, proof=PATH), status_code=200)
async def renew_codes(
    request: Asked,
    db: NamedDependency[Database],
    principal: NamedDependency[Principal],
    factors: NamedDependency[SecondFactors],
    post: NamedDependency[Post],
) -> Page:
    unit = db.unit(PROVIDER)
    codes = await factors.renew_codes(unit, principal)
    await _warn(request, unit, principal, post, CODES_RENEWED)
    return page("access/codes.html", title=gettext("Your recovery codes"), codes=codes)


@post(f"{PATH}/factor/remove", opt=needs("", proof=PATH), status_code=303)
async def remove_factor(
    request: Asked,
    db: NamedDependency[Database],
    principal: NamedDependency[Principal],
    factors: NamedDependency[SecondFactors],
    post: NamedDependency[Post],
) -> Response[Any]:
    unit = db.unit(PROVIDER)
    await factors.remove(unit, principal)
    await _warn(request, unit, principal, post, FACTOR_REMOVED)
    return redirect(request, PATH)


@get("/console/not-me/{token:str}", opt=public(rate=TRIES))
async def not_me_page(db: NamedDependency[Database], token: FromPath[str]) -> Page:
    await standing(db.unit(PROVIDER), token, "not_me")
    return page("access/not_me.html", title=gettext("This was not me"), token=token, is_done=False)


@post("/console/not-me/{token:str}", opt=public(rate=TRIES, csrf=False), status_code=200)
async def not_me(request: Asked, guard: NamedDependency[Guard], token: FromPath[str]) -> Page | Response[Any]:
    """Freeze; the token is what only the letter says, and a frozen person can be signed in nowhere."""
    await guard.freeze(token, device_of(request))
    return drop_session(
        request, page("access/not_me.html", title=gettext("Your access is frozen"), token="", is_done=True)
    )


def drop_session(request: Asked, answer: Page) -> Page:
    """Let the browser forget its session with this page."""
    drop(request, answer)
    return answer


async def _warn(request: Asked, unit: Unit, principal: Principal, post: Post, notice: Notice) -> None:
    await warn(post, unit, await get_user(unit, principal.id), notice, device_of(request))
    await unit.commit()


async def _page(unit: Unit, principal: Principal, factors: SecondFactors) -> Page:
    user_id = _person(principal)
    return page(
        "access/security.html", title=gettext("Security"), is_on=await factors.is_on(unit, user_id),
        codes_left=await factors.codes_left(unit, user_id), contact=await contact_of(unit, user_id),
        disowned=await _disowned(unit, user_id),
    )  # fmt: skip


async def _disowned(unit: Unit, user_id: int) -> list[tuple[Made, str, str, str]]:
    """What was done while it was not the person, for a month after they got back in.

    Each with its words, what became of it (empty where nothing did), and the account that it was done in.
    """
    closed = await last_closed(unit, user_id, unit.now - NOT_ME_FOR)
    found = []
    for one in closed.found if closed else ():
        account = await tenants.known(unit, parse_public(one.account) or PROVIDER)
        found.append((one, *_words(one), account.name if account else ""))
    return found


def _words(made: Made) -> tuple[str, str]:
    """What was done, and what became of it."""
    match made.kind:
        case "api_key":
            return gettext("API key {name}", name=made.name), gettext("Revoked")
        case "invitation":
            return gettext("Invitation as {role}", role=_role(made)), gettext("Taken back")
        case "member":
            return gettext("Somebody who was invited joined as {role}", role=_role(made)), ""
        case "proof":
            return gettext(disowned.CHANGES[made.name]), gettext("Changed back")
        case "change":
            return gettext(disowned.CHANGES.get(made.name, made.name)), ""


def _role(made: Made) -> str:
    return gettext(ROLE_NAMES[cast("Role", made.name)])


def _factor_form(secret: tuple[str, str], refusal: Refusal | None = None) -> Page:
    return page(
        "access/factor.html", title=gettext("Add a second factor"), secret=secret[0], code=qr(secret[1]),
        status=refusal.status if refusal else 200, errors=told_faults(refusal),
    )  # fmt: skip


def _prove_form(request: Asked, refusal: Refusal | None = None, *, wants_factor: bool) -> Page:
    target = local_path(request.query_params.get("next"), PATH)
    told = gettext(refusal.title) if isinstance(refusal, TooMany) else ""
    return page(
        "access/prove.html", title=gettext("Prove that it is you"), target=target, wants_factor=wants_factor, told=told,
        status=refusal.status if refusal else 200, errors={} if told else told_faults(refusal),
    )  # fmt: skip


def _person(principal: Principal) -> int:
    if principal.kind != "user":
        raise PersonNeeded
    return principal.id
