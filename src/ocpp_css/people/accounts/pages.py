"""One's own profile as a page."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency

from ocpp_css.edge import (
    SEEN,
    ChangedMeanwhile,
    Page,
    Principal,
    Rate,
    faults_by_field,
    gettext,
    must_match,
    needs,
    page,
    posted,
    reader,
    redirect,
    tag_of,
)
from ocpp_css.edge.reading import COOKIE as LANGUAGE_COOKIE
from ocpp_css.edge.rendering import THEME_COOKIE
from ocpp_css.kit.errors import Refusal
from ocpp_css.kit.ids import public
from ocpp_css.kit.paging import page_request
from ocpp_css.people import audit
from ocpp_css.people.accounts.errors import PersonNeeded, PictureMissing
from ocpp_css.people.accounts.model import User
from ocpp_css.people.accounts.service import contacts, pictures, users
from ocpp_css.storage import PROVIDER, Database, Unit

PATH = "/console/me"
PICTURE = f"{PATH}/picture"
Asked = Request[Any, Any, Any]
_THEMES = {"auto", "light", "dark"}
_YEAR_S = 365 * 86400


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """What the form of the profile shows, by which a change is compared with what was read."""

    name: str
    username: str | None
    language: str
    time_zone: str
    theme: str
    country: str
    phone: str
    birth_date: str
    street: str
    postal_code: str
    city: str


async def _shown(unit: Unit, user: User) -> Shown:
    contact = await contacts.contact_of(unit, user.user_id)
    return Shown(
        name=user.display_name, username=user.username, language=user.language, time_zone=user.time_zone,
        theme=user.theme, **{name: getattr(contact, name) for name in contacts.FIELDS},
    )  # fmt: skip


@get(PATH, opt=needs(""))
async def profile_page(request: Asked, db: NamedDependency[Database], principal: NamedDependency[Principal]) -> Page:
    _person(principal)
    return await _page(request, db.unit(PROVIDER), principal)


@post(PATH, opt=needs(""), status_code=200)
async def change_profile(
    request: Asked,
    db: NamedDependency[Database],
    principal: NamedDependency[Principal],
    minimum_age: NamedDependency[int],
) -> Response[Any] | Page:
    _person(principal)
    unit, form = db.unit(PROVIDER), await posted(request)
    try:
        user = await users.change(unit, principal, _changes(request, form))
        told = {name: form[name] for name in contacts.FIELDS if name in form}
        await contacts.change_contact(unit, principal, told, minimum_age)
        must_match(form.get(SEEN), await _shown(unit, await users.get(unit, principal.id)))
    except Refusal as refusal:
        return await _page(request, db.unit(PROVIDER), principal, refusal, form)
    await unit.commit()
    answer = redirect(request, PATH)
    keep_theme(answer, user)
    if user.language:
        answer.delete_cookie(LANGUAGE_COOKIE)
    return answer


@get(PICTURE, opt=needs(""))
async def picture(db: NamedDependency[Database], principal: NamedDependency[Principal]) -> Response[bytes]:
    found = await pictures.picture_of(db.unit(PROVIDER), _person(principal))
    if found is None:
        raise PictureMissing
    return Response(found, media_type="image/webp")


@post(PICTURE, opt=needs("", rate=Rate(burst=10, per_s=600)), status_code=200)
async def send_picture(
    request: Asked, db: NamedDependency[Database], principal: NamedDependency[Principal]
) -> Response[Any] | Page:
    _person(principal)
    sent = (await request.form()).get("picture")
    raw = await sent.read() if isinstance(sent, UploadFile) else b""
    unit = db.unit(PROVIDER)
    try:
        await pictures.keep_picture(unit, principal, raw)
    except Refusal as refusal:
        return await _page(request, db.unit(PROVIDER), principal, refusal)
    await unit.commit()
    return redirect(request, PATH)


@post(f"{PICTURE}/remove", opt=needs(""), status_code=303)
async def drop_picture(
    request: Asked, db: NamedDependency[Database], principal: NamedDependency[Principal]
) -> Response[Any]:
    _person(principal)
    unit = db.unit(PROVIDER)
    pictures.remove_picture(unit, principal)
    await unit.commit()
    return redirect(request, PATH)


@get(f"{PATH}/history", opt=needs(""))
async def history_page(request: Asked, db: NamedDependency[Database], principal: NamedDependency[Principal]) -> Page:
    question = audit.Question(actor=public(_person(principal)))
    asked = page_request(100, request.query_params.get("cursor"), sorts=("-id",))
    found = await audit.page(db.unit(principal.tenant), question, asked)
    return page(
        "accounts/history.html", title=gettext("History"), entries=found.items, next=found.next_cursor,
        words=audit.WORDS,
    )  # fmt: skip


def _person(principal: Principal) -> int:
    if principal.kind != "user":
        raise PersonNeeded
    return principal.id


def keep_theme(answer: Response[Any], user: User) -> None:
    """Let this browser show the theme that the person chose."""
    if user.theme == "auto":
        answer.delete_cookie(THEME_COOKIE)
    else:
        answer.set_cookie(THEME_COOKIE, user.theme, max_age=_YEAR_S, samesite="lax")


def _changes(request: Asked, form: dict[str, str]) -> dict[str, Any]:
    changes: dict[str, Any] = {"username": form.get("username", "")[:100] or None}
    if (found := request.app.state.languages.named(form.get("language", ""))) is not None:
        changes["language"] = found.code
    if name := form.get("name", "")[:100]:
        changes["display_name"] = name
    if zone := form.get("time_zone", ""):
        changes["time_zone"] = zone
    if (theme := form.get("theme", "")) in _THEMES:
        changes["theme"] = theme
    return changes


async def _page(
    request: Asked,
    unit: Unit,
    principal: Principal,
    refusal: Refusal | None = None,
    typed: Mapping[str, str] = MappingProxyType({}),
) -> Page:
    user = await users.get(unit, principal.id)
    shown = await _shown(unit, user)
    form = {**msgspec.structs.asdict(shown), "language": user.language or reader().language.code, **typed}
    errors = {name: gettext(text) for name, text in faults_by_field(refusal.errors).items()} if refusal else {}
    return page(
        "accounts/profile.html", status=refusal.status if refusal else 200, title=gettext("Your settings"),
        user=user, form=form, tag=tag_of(shown), is_overtaken=isinstance(refusal, ChangedMeanwhile),
        contact=await contacts.contact_of(unit, principal.id),
        has_picture=await pictures.picture_of(unit, principal.id) is not None, errors=errors,
        countries=contacts.named_countries(reader().language.locale),
        named_languages=[(one.code, one.name) for one in request.app.state.languages],
    )  # fmt: skip
