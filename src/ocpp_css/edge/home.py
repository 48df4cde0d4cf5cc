"""The few routes that belong to no area: the bare address, and the choice of a language."""

from collections.abc import Awaitable, Callable
from typing import Any

from litestar import Request, Response, get, post
from litestar.datastructures import Cookie
from litestar.handlers import HTTPRouteHandler
from litestar.response import Redirect

from ocpp_css.edge.forms import posted
from ocpp_css.edge.permissions import public
from ocpp_css.edge.principal import Principal, principal_of
from ocpp_css.edge.problems import HOME
from ocpp_css.edge.reading import COOKIE
from ocpp_css.edge.rendering import redirect
from ocpp_css.edge.settings import WebSettings

_YEAR_S = 365 * 86400


@get("/", opt=public(identify=False), include_in_schema=False)
async def front() -> Redirect:
    """The bare address leads to the console."""
    return Redirect(HOME, status_code=303)


@post("/console/language", opt=public(), include_in_schema=False, status_code=303)
async def choose_language(request: Request[Any, Any, Any]) -> Response[Any]:
    """Keep a language in this browser, and for the person when somebody keeps such things."""
    form = await posted(request)
    answer = redirect(request, form.get("next", HOME))
    language = request.app.state.languages.named(form.get("language", ""))
    if language is None:
        return answer
    keep: Callable[[Principal, str], Awaitable[None]] | None = request.app.state.keep_language
    principal = principal_of(request)
    if keep and principal.kind == "user":
        await keep(principal, language.code)
    settings: WebSettings = request.app.state.settings
    answer.set_cookie(
        Cookie(COOKIE, value=language.code, max_age=_YEAR_S, httponly=True, samesite="lax", secure=settings.is_https)
    )
    return answer


def home_handlers() -> list[HTTPRouteHandler]:
    """The routes of this module."""
    return [front, choose_language]
