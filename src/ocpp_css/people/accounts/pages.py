"""One's own profile as a page."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency

from ocpp_css.edge import Page, Principal, faults_by_field, gettext, needs, page, posted, redirect
from ocpp_css.edge.rendering import THEME_COOKIE
from ocpp_css.kit.errors import Refusal
from ocpp_css.people.accounts.errors import PersonNeeded
from ocpp_css.people.accounts.model import User
from ocpp_css.people.accounts.service import users
from ocpp_css.storage import PROVIDER, Database

PATH = "/console/me"
_THEMES = {"auto", "light", "dark"}
_YEAR_S = 365 * 86400


@get(PATH, opt=needs(""))
async def profile_page(db: NamedDependency[Database], principal: NamedDependency[Principal]) -> Page:
    if principal.kind != "user":
        raise PersonNeeded
    return _page(await users.get(db.unit(PROVIDER), principal.id))


@post(PATH, opt=needs(""), status_code=200)
async def change_profile(
    request: Request[Any, Any, Any], db: NamedDependency[Database], principal: NamedDependency[Principal]
) -> Response[Any] | Page:
    if principal.kind != "user":
        raise PersonNeeded
    unit = db.unit(PROVIDER)
    try:
        user = await users.change(unit, principal, _changes(await posted(request)))
    except Refusal as refusal:
        return _page(await users.get(db.unit(PROVIDER), principal.id), refusal)
    await unit.commit()
    answer = redirect(request, PATH)
    keep_theme(answer, user)
    return answer


def keep_theme(answer: Response[Any], user: User) -> None:
    """Let this browser show the theme that the person chose."""
    if user.theme == "auto":
        answer.delete_cookie(THEME_COOKIE)
    else:
        answer.set_cookie(THEME_COOKIE, user.theme, max_age=_YEAR_S, samesite="lax")


def _changes(form: dict[str, str]) -> dict[str, Any]:
    changes: dict[str, Any] = {"username": form.get("username", "")[:100] or None}
    if name := form.get("name", "")[:100]:
        changes["display_name"] = name
    if zone := form.get("time_zone", ""):
        changes["time_zone"] = zone
    if (theme := form.get("theme", "")) in _THEMES:
        changes["theme"] = theme
    return changes


def _page(user: User, refusal: Refusal | None = None) -> Page:
    errors = {name: gettext(text) for name, text in faults_by_field(refusal.errors).items()} if refusal else {}
    status = refusal.status if refusal else 200
    return page("accounts/profile.html", status=status, title=gettext("Your settings"), user=user, errors=errors)
