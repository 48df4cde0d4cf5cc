"""What the pages of access share: the session cookie, the browser that carries it, what a refusal says of fields."""

from typing import Any

from litestar import Request, Response

from ocpp_css.edge import WebSettings, client_address, faults_by_field, gettext
from ocpp_css.kit.errors import Refusal
from ocpp_css.people.access.model import Device
from ocpp_css.people.access.service.sessions import LIFETIME

Asked = Request[Any, Any, Any]


def settings_of(request: Asked) -> WebSettings:
    """The settings of the web side."""
    settings: WebSettings = request.app.state.settings
    return settings


def device_of(request: Asked) -> Device:
    """The browser that asks."""
    return Device(request.headers.get("user-agent", ""), client_address(request.scope, settings_of(request)))


def cookie_of(request: Asked) -> str:
    """The session cookie that came with the request, or nothing."""
    return request.cookies.get(settings_of(request).session_cookie, "")


def keep(request: Asked, answer: Response[Any], cookie: str) -> Response[Any]:
    """Let the browser carry the session from now on."""
    settings = settings_of(request)
    answer.set_cookie(
        settings.session_cookie, cookie, max_age=int(LIFETIME.total_seconds()), path="/", httponly=True,
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
