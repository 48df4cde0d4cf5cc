"""One's e-mail address: a new one counts when the code that was sent to it is typed; the old one is told."""

from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from ocpp_css.edge import Page, Principal, Rate, gettext, needs, page, posted, redirect
from ocpp_css.kit.errors import Refusal
from ocpp_css.people.access.pages.asking import Asked, device_of, told_faults
from ocpp_css.people.access.service import former
from ocpp_css.people.access.service.letters import ADDRESS_CHANGED, ADDRESS_CODE, person_of, warn
from ocpp_css.people.accounts import (
    Challenges,
    ChallengeSpent,
    CodeWrong,
    PersonNeeded,
    change_address,
    checked_email,
    find_login,
)
from ocpp_css.people.accounts import get as get_user
from ocpp_css.people.notices import Attachment, Post
from ocpp_css.storage import PROVIDER, Database

PATH = "/console/me/address"
TRIES = Rate(burst=10, per_s=600)


@get(PATH, opt=needs("", proof=PATH))
async def address_page(
    principal: NamedDependency[Principal],
) -> Page:
    return _page(email=principal.email)


@post(PATH, opt=needs("", rate=TRIES, proof=PATH), status_code=200)
async def ask_address(
    request: Asked,
    db: NamedDependency[Database],
    principal: NamedDependency[Principal],
    challenges: NamedDependency[Challenges],
    post: NamedDependency[Post],
) -> Page | Response[Any]:
    """The same for an address that another person has (TRUST A63): no letter tells its code."""
    unit = db.unit(PROVIDER)
    if principal.kind != "user":
        raise PersonNeeded
    given = (await posted(request)).get("email", "")
    try:
        email = checked_email(given)
    except Refusal as refusal:
        return _page(email=given, refusal=refusal)
    user, holder = await get_user(unit, principal.id), await find_login(unit, email)
    asked = challenges.ask(unit, "address", msgspec.json.encode(email), user_id=principal.id)
    if holder is None or holder.user_id == principal.id:
        to = msgspec.structs.replace(person_of(user), email=email)
        post.write(unit, to, ADDRESS_CODE, Attachment(code=asked.code))
    await unit.commit()
    return redirect(request, f"{PATH}/{asked.token}")


@get(f"{PATH}/{{token:str}}", opt=needs(""))
async def address_code_page(token: FromPath[str]) -> Page:
    return _page(token=token)


@post(f"{PATH}/{{token:str}}", opt=needs("", rate=TRIES), status_code=200)
async def confirm_address(
    request: Asked,
    db: NamedDependency[Database],
    principal: NamedDependency[Principal],
    challenges: NamedDependency[Challenges],
    post: NamedDependency[Post],
    token: FromPath[str],
) -> Page | Response[Any]:
    try:
        challenge = await challenges.answer(token, "address", (await posted(request)).get("code", ""))
    except CodeWrong as refusal:
        return _page(token=token, refusal=refusal)
    if challenge.user_id != principal.id:
        raise ChallengeSpent
    unit = db.unit(PROVIDER)
    email = msgspec.json.decode(challenges.body(challenge), type=str)
    challenges.spend(unit, challenge)
    await former.keep(unit, await get_user(unit, principal.id))
    before = await change_address(unit, principal, email)
    if before.email != email:
        await warn(post, unit, before, ADDRESS_CHANGED, device_of(request))
    await unit.commit()
    return redirect(request, "/console/me")


def _page(*, email: str = "", token: str = "", refusal: Refusal | None = None) -> Page:
    return page(
        "access/address.html", title=gettext("E-mail address"), email=email, token=token, errors=told_faults(refusal),
        status=refusal.status if refusal else 200,
    )  # fmt: skip
