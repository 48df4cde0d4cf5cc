"""Against requests that another site makes a browser send: the origin is ours, the form knows the session's secret."""

import base64
import hmac
import secrets
from typing import Any
from urllib.parse import urlsplit

from litestar import Request

from ocpp_css.edge.principal import Principal
from ocpp_css.edge.settings import WebSettings
from ocpp_css.kit.errors import Forbidden

FIELD = "_csrf"
HEADER = "X-CSRF-Token"
SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_MASK = 32


class ForeignRequest(Forbidden):
    """The request did not come from one of our own pages."""

    code = "csrf_failed"
    title = "The request did not come from this site"
    explanation = "Reload the page and try again."


def token_for(principal: Principal) -> str:
    """A token for this session's forms; masked anew each time, so compression leaks nothing of the secret."""
    if not principal.csrf:
        return ""
    mask = secrets.token_bytes(_MASK)
    return base64.urlsafe_b64encode(mask + _mixed(_proof(principal.csrf), mask)).decode()


def is_token_of(principal: Principal, token: str) -> bool:
    """Whether `token` was made for this session."""
    try:
        raw = base64.b64decode(token, altchars=b"-_", validate=True)
    except ValueError:
        return False
    if len(raw) != 2 * _MASK or not principal.csrf:
        return False
    return hmac.compare_digest(_mixed(raw[_MASK:], raw[:_MASK]), _proof(principal.csrf))


def _proof(secret: str) -> bytes:
    return hmac.digest(secret.encode(), b"csrf", "sha256")


def _mixed(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))


async def check_csrf(request: Request[Any, Any, Any], principal: Principal, settings: WebSettings) -> None:
    """Refuse an unsafe request from a browser that is not from our pages; bearer requests are not a browser's doing."""
    if request.method in SAFE or principal.kind == "key":
        return
    if not is_own_origin(request, settings):
        raise ForeignRequest
    if principal.kind == "user" and not is_token_of(principal, await _sent_token(request)):
        raise ForeignRequest


def is_own_origin(request: Request[Any, Any, Any], settings: WebSettings) -> bool:
    """Whether Origin (or, without it, Sec-Fetch-Site) says our own site; a caller that sends neither is no browser."""
    origin = request.headers.get("origin")
    if origin is None:
        return request.headers.get("sec-fetch-site", "same-origin") in {"same-origin", "none"}
    if origin == settings.origin:
        return True
    parts = urlsplit(origin)
    return parts.scheme in {"http", "https"} and parts.netloc == request.headers.get("host", "")


async def _sent_token(request: Request[Any, Any, Any]) -> str:
    if token := request.headers.get(HEADER):
        return token
    if request.content_type[0] in _FORMS:
        return str((await request.form()).get(FIELD, ""))
    return ""
