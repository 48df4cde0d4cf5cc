"""What the pages of access share: the session cookie, the browser that carries it, what a refusal says of fields."""

import secrets
from typing import Any

from litestar import Request, Response

from ocpp_css.edge import Principal, WebSettings, client_address, faults_by_field, gettext
from ocpp_css.kit.errors import Refusal
from ocpp_css.people import accounts
from ocpp_css.people.access.model import Device
from ocpp_css.people.access.service.letters import KEY_MADE, warn
from ocpp_css.people.access.service.sessions import KEPT_FOR
from ocpp_css.people.notices import Post
from ocpp_css.storage import PROVIDER, Database

Asked = Request[Any, Any, Any]
_YEAR_S = 365 * 86400


def settings_of(request: Asked) -> WebSettings:
    """The settings of the web side."""
    settings: WebSettings = request.app.state.settings
    return settings


def device_of(request: Asked) -> Device:
    """The browser that asks; one that is not known yet gets a secret, which `keep` lets it carry."""
    key = request.cookies.get(_device_cookie(settings_of(request)), "")
    if not 20 <= len(key) <= 100:
        key = request.scope["state"].setdefault("device_key", secrets.token_urlsafe(32))
    return Device(request.headers.get("user-agent", ""), client_address(request.scope, settings_of(request)), key)


def _device_cookie(settings: WebSettings) -> str:
    return "__Host-css_device" if settings.is_https else "css_device"


def cookie_of(request: Asked) -> str:
    """The session cookie that came with the request, or nothing."""
    return request.cookies.get(settings_of(request).session_cookie, "")


def keep(request: Asked, answer: Response[Any], cookie: str, *, is_kept: bool = False) -> Response[Any]:
    """Let the browser carry the session from now on; until it is closed, where they did not want more."""
    settings = settings_of(request)
    answer.set_cookie(
        settings.session_cookie, cookie, max_age=int(KEPT_FOR.total_seconds()) if is_kept else None, path="/",
        httponly=True, secure=settings.is_https, samesite="lax",
    )  # fmt: skip
    return keep_device(request, answer)


def keep_device(request: Asked, answer: Response[Any]) -> Response[Any]:
    """Let the browser be known again."""
    settings = settings_of(request)
    answer.set_cookie(
        _device_cookie(settings), device_of(request).key, max_age=_YEAR_S, path="/", httponly=True,
        secure=settings.is_https, samesite="lax",
    )  # fmt: skip
    return answer


def drop(request: Asked, answer: Response[Any]) -> Response[Any]:
    """Let the browser forget the session."""
    settings = settings_of(request)
    answer.set_cookie(
        settings.session_cookie, "", max_age=0, path="/", httponly=True, secure=settings.is_https, samesite="lax"
    )
    return answer


def told_faults(refusal: Refusal | None) -> dict[str, str]:
    """What is wrong with each field, in the reader's language."""
    if refusal is None:
        return {}
    detail = gettext(refusal.template, **refusal.values)
    return {name: detail or gettext(text) for name, text in faults_by_field(refusal.errors).items()}


async def tell_of_key(request: Asked, db: Database, principal: Principal, post: Post) -> None:
    """Warn a person of a key that was made in their name (TRUST I11)."""
    if principal.kind == "user":
        unit = db.unit(PROVIDER)
        await warn(post, unit, await accounts.get(unit, principal.id), KEY_MADE, device_of(request))
        await unit.commit()
