"""Headers that every answer carries, errors included."""

from collections.abc import Awaitable, Callable

from litestar.datastructures import MutableScopeHeaders
from litestar.types import Message, Scope

from ocpp_css.edge.settings import WebSettings

_PERMISSIONS = "camera=(), display-capture=(), geolocation=(self), microphone=(self), payment=(self), usb=()"


def content_policy(settings: WebSettings) -> str:
    """The content security policy: everything from ourselves, nothing inline."""
    images = " ".join(("'self'", "data:", *settings.image_sources))
    forms = " ".join(("'self'", *settings.form_targets))
    return (
        f"default-src 'self'; img-src {images}; object-src 'none'; base-uri 'none'; "
        f"frame-ancestors 'none'; form-action {forms}"
    )


def fixed_headers(settings: WebSettings) -> dict[str, str]:
    """The headers that do not depend on the request; a route's own value wins."""
    headers = {
        "Content-Security-Policy": content_policy(settings),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": _PERMISSIONS,
        "X-Frame-Options": "DENY",
        "Cache-Control": "no-store",
    }
    if settings.is_https:
        headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    return headers


def security_headers(settings: WebSettings) -> Callable[[Message, Scope], Awaitable[None]]:
    """A hook that adds the fixed headers, and those that the gate left for this request."""
    fixed = fixed_headers(settings)

    async def add(message: Message, scope: Scope) -> None:
        if message["type"] != "http.response.start":
            return
        headers = MutableScopeHeaders.from_message(message)
        for name, value in fixed.items():
            headers.setdefault(name, value)
        for name, value in scope.get("state", {}).get("edge_headers", {}).items():
            headers.setdefault(name, value)

    return add
