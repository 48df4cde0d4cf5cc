"""What a route needs, declared beside it: `@get("/api/v1/stations", opt=needs("stations:read"))`.

A route that declares nothing makes the construction of the application fail.
"""

from collections.abc import Sequence
from typing import Any

from litestar.handlers import BaseRouteHandler
from litestar.plugins import ReceiveRoutePlugin
from litestar.routes import ASGIRoute, BaseRoute, HTTPRoute, WebSocketRoute

from ocpp_css.kit.rates import Rate

NEEDS = "needs"
PUBLIC = "public"
ACCEPTS = "accepts"
RATE = "rate"
CSRF = "csrf"
KEEPS_REPLY = "keeps_reply"
IDENTIFY = "identify"
PROOF = "proof"


class UndeclaredRoute(Exception):  # noqa: N818 - it is a fault of the program, not of a request
    """A route says neither what it needs nor that it is public."""


def needs(
    permission: str,
    *,
    accepts: Sequence[str] = (),
    rate: Rate | None = None,
    keeps_reply: bool = True,
    proof: str | bool = False,
) -> dict[str, Any]:
    """Options of a route for those who hold `permission` ("" needs only a login).

    `accepts` lists body media types beyond JSON (REST only), `rate` a limit of this route's own. With
    `keeps_reply=False` no answer is kept under an idempotency key (one-time secrets, large exports). `proof` asks of
    people that they proved lately who they are: True for REST, which refuses; for a page the path that they come back
    to when they did, with places such as `{user_id}` filled from the route's own.
    """
    return {
        NEEDS: permission,
        ACCEPTS: tuple(accepts),
        RATE: rate,
        CSRF: True,
        KEEPS_REPLY: keeps_reply,
        IDENTIFY: True,
        PROOF: proof,
    }


def public(
    *, accepts: Sequence[str] = (), rate: Rate | None = None, csrf: bool = True, identify: bool = True
) -> dict[str, Any]:
    """Options of a route for everybody.

    `csrf=False` only for callers that are never browsers (payment webhooks, token endpoints). `identify=False` neither
    looks up who asks nor counts the request: for static files, health and the like.
    """
    return {
        PUBLIC: True, ACCEPTS: tuple(accepts), RATE: rate, CSRF: csrf, KEEPS_REPLY: False, IDENTIFY: identify,
    }  # fmt: skip


class DeclarationCheck(ReceiveRoutePlugin):
    """Refuses undeclared routes when they are registered."""

    def receive_route(self, route: BaseRoute) -> None:
        """Look at one route, as Litestar registers it."""
        for handler in _handlers(route):
            if _is_options_of_litestar(handler):
                continue
            if (NEEDS in handler.opt) == (PUBLIC in handler.opt):
                text = f"{route.path}: declare opt=needs(…) or opt=public() on {handler}, exactly one"
                raise UndeclaredRoute(text)
            _check_proof(route.path, handler)


def _check_proof(path: str, handler: BaseRouteHandler) -> None:
    proof = handler.opt.get(PROOF, False)
    if proof and path.startswith("/api/") == isinstance(proof, str):
        text = f"{path}: proof is True in REST, and for a page the path to come back to, on {handler}"
        raise UndeclaredRoute(text)


def _is_options_of_litestar(handler: BaseRouteHandler) -> bool:
    return getattr(handler.fn, "__name__", "") == "options_handler"


def _handlers(route: BaseRoute) -> Sequence[BaseRouteHandler]:
    if isinstance(route, HTTPRoute):
        return route.route_handlers
    if isinstance(route, (WebSocketRoute, ASGIRoute)):
        return [route.route_handler]
    return []
