"""Accepting an invitation: as the person who signed in, or as somebody new."""

from typing import Any, Literal

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from ocpp_css.edge import Page, Principal, Rate, gettext, page, posted, public, redirect
from ocpp_css.kit.errors import Refusal
from ocpp_css.people.access.errors import InvitationForAnother
from ocpp_css.people.access.model import ROLE_NAMES, ROLE_TEXTS
from ocpp_css.people.access.pages.asking import Asked, device_of, keep
from ocpp_css.people.access.pages.sign_up import about_you, candidate_of, told_of
from ocpp_css.people.access.service.invitations import PATH, Invitations, Offer
from ocpp_css.people.access.service.sign_up import SignUpRefused
from ocpp_css.storage import PROVIDER, Database

LINK = f"{PATH}{{token:str}}"
HOME = "/console"
TRIES = Rate(burst=30, per_s=60)
Step = Literal["accept", "sign_in", "other", "new"]


@get(LINK, opt=public(rate=TRIES))
async def invitation_page(
    request: Asked,
    db: NamedDependency[Database],
    principal: NamedDependency[Principal],
    invitations: NamedDependency[Invitations],
    token: FromPath[str],
) -> Page:
    offer = await invitations.look(db.unit(PROVIDER), token)
    return _page(request, offer, _step(principal, offer), token, {})


@post(LINK, opt=public(rate=TRIES), status_code=200)
async def accept(
    request: Asked,
    db: NamedDependency[Database],
    principal: NamedDependency[Principal],
    invitations: NamedDependency[Invitations],
    token: FromPath[str],
) -> Page | Response[Any]:
    if principal.kind == "user":
        renewed = await invitations.accept(token, principal)
        return keep(request, redirect(request, HOME), renewed.cookie, is_kept=renewed.is_kept)
    offer = await invitations.look(db.unit(PROVIDER), token)
    if offer.is_known:
        raise InvitationForAnother
    form = await posted(request)
    password = str((await request.form()).get("password", ""))
    try:
        cookie = await invitations.accept_as_new(
            token, candidate_of(request, form), password, device_of(request)
        )  # fmt: skip
    except SignUpRefused as refusal:
        return _page(request, offer, "new", token, form, refusal)
    return keep(request, redirect(request, HOME), cookie)


def _step(principal: Principal, offer: Offer) -> Step:
    if principal.kind == "user":
        return "accept" if principal.email.casefold() == offer.invitation.email.casefold() else "other"
    return "sign_in" if offer.is_known else "new"


def _page(
    request: Asked, offer: Offer, step: Step, token: str, form: dict[str, str], refusal: Refusal | None = None
) -> Page:
    role = offer.invitation.role
    return page(
        "access/invitation.html", status=refusal.status if refusal else 200, title=gettext("An invitation"),
        offer=offer, step=step, link=f"{PATH}{token}", form=form, errors=told_of(refusal), role=ROLE_NAMES[role],
        role_text=ROLE_TEXTS[role], **about_you(request),
    )  # fmt: skip


HANDLERS = (invitation_page, accept)
