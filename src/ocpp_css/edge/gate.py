"""The one way in: who asks, how often, whether they may, from where; then the handler."""

import time
from dataclasses import replace
from typing import Any

from litestar import Request
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from ocpp_css.edge import etags, idempotency
from ocpp_css.edge.csrf import SAFE, check_csrf
from ocpp_css.edge.live import STILL
from ocpp_css.edge.permissions import ACCEPTS, CSRF, IDENTIFY, KEEPS_REPLY, NEEDS, PROOF, PUBLIC, RATE
from ocpp_css.edge.principal import ANONYMOUS, Authenticator, Principal, asking
from ocpp_css.edge.problems import ProofNeeded
from ocpp_css.edge.reading import reading
from ocpp_css.edge.settings import WebSettings, client_address
from ocpp_css.kit.errors import Refusal, TooMany, Unauthenticated
from ocpp_css.kit.rates import Allowance, Rate, RateLimiter

Asked = Request[Any, Any, Any]
_BEARER = "bearer "


class CredentialRefused(Unauthenticated):
    """A key or access token was shown, and it is not valid."""

    code = "invalid_token"
    title = "The API key or access token is not valid"


class BodyRefused(Refusal):
    """The body is of a media type that the route does not read."""

    code = "unsupported_media_type"
    status = 415
    title = "The body must be JSON"
    explanation = "Send it with Content-Type: application/json."


class Gate(ASGIMiddleware):
    """Middleware in front of every route."""

    scopes = (ScopeType.HTTP, ScopeType.ASGI)

    def __init__(
        self, settings: WebSettings, authenticator: Authenticator, replies: idempotency.IdempotencyStore
    ) -> None:
        self._settings = settings
        self._authenticator = authenticator
        self._replies = replies
        self._limiter = RateLimiter()

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Let one request in, or raise the refusal."""
        request = Request[Any, Any, Any](scope, receive, send)
        opt = scope["route_handler"].opt
        principal = await self._identify(request) if opt.get(IDENTIFY) else ANONYMOUS
        principal = replace(principal, address=client_address(scope, self._settings))
        scope["user"] = principal
        scope["state"][STILL] = lambda: self._may_go_on(request, principal, opt)
        scope["auth"] = principal.kind
        mark = asking.set(principal)
        try:
            with reading(request):
                self._count(request, principal, opt)
                _check_permission(request, principal, opt)
                if opt.get(CSRF, True):
                    await check_csrf(request, principal, self._settings)
                _check_proof(request, principal, opt)
                _check_media_type(request, opt)
                if _is_kept(request, principal, opt):
                    await idempotency.answer_once(self._replies, request, next_app, send)
                else:
                    await next_app(scope, receive, _tagged(request, send))
        finally:
            asking.reset(mark)

    async def _identify(self, request: Asked) -> Principal:
        found = await self._found(request, is_use=True)
        has_shown = request.headers.get("authorization", "")[: len(_BEARER)].lower() == _BEARER
        if found is None and has_shown and PUBLIC not in request.scope["route_handler"].opt:
            raise CredentialRefused(headers={"WWW-Authenticate": 'Bearer realm="ocpp-css", error="invalid_token"'})
        return found or ANONYMOUS

    async def _may_go_on(self, request: Asked, before: Principal, opt: dict[str, Any]) -> bool:
        """Whether the one who asked would be let in now as well, for the same account: for what goes on for long."""
        if PUBLIC in opt:
            return True
        found = await self._found(request, is_use=False)
        return found is not None and found.tenant == before.tenant and found.may(opt[NEEDS])

    async def _found(self, request: Asked, *, is_use: bool) -> Principal | None:
        shown = request.headers.get("authorization", "")
        if shown[: len(_BEARER)].lower() == _BEARER:
            return await self._authenticator.by_bearer(shown[len(_BEARER) :].strip(), is_use=is_use)
        cookie = request.cookies.get(self._settings.session_cookie)
        return await self._authenticator.by_session(cookie, is_use=is_use) if cookie else None

    def _count(self, request: Asked, principal: Principal, opt: dict[str, Any]) -> None:
        if not opt.get(IDENTIFY):
            return
        settings, now = self._settings, time.monotonic()
        caller = f"{principal.kind}:{principal.id}" if principal.is_known else client_address(request.scope, settings)
        allowed = self._limiter.take(caller, settings.rate if principal.is_known else settings.anonymous_rate, now)
        own: Rate | None = opt.get(RATE)
        if own and allowed.is_allowed:
            template = request.scope.get("path_template", "")
            allowed = self._limiter.take(f"{caller} {request.method} {template}", own, now)
        _tell(request, allowed)


def _tell(request: Asked, allowed: Allowance) -> None:
    if not allowed.is_allowed:
        raise TooMany(retry_after=allowed.retry_s, headers=allowed.headers())
    if request.scope["path"].startswith("/api/"):
        request.scope["state"].setdefault("edge_headers", {}).update(allowed.headers())


def _check_permission(request: Asked, principal: Principal, opt: dict[str, Any]) -> None:
    if PUBLIC in opt or request.method == "OPTIONS":
        return
    if not principal.is_known:
        raise Unauthenticated
    principal.demand(opt[NEEDS])


def _check_proof(request: Asked, principal: Principal, opt: dict[str, Any]) -> None:
    proof: str | bool = opt.get(PROOF, False)
    if proof and not principal.has_proof and request.method != "OPTIONS":
        raise ProofNeeded(proof.format_map(request.path_params) if isinstance(proof, str) else "")


def _check_media_type(request: Asked, opt: dict[str, Any]) -> None:
    """A REST body is JSON, or what the route lists: a form of another site can send neither."""
    if request.method in SAFE or not request.scope["path"].startswith("/api/") or not _has_body(request):
        return
    sent = request.content_type[0].lower()
    if sent != "application/json" and not sent.endswith("+json") and sent not in opt.get(ACCEPTS, ()):
        raise BodyRefused


def _has_body(request: Asked) -> bool:
    return request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers


def _tagged(request: Asked, send: Send) -> Send:
    is_read = request.method == "GET" and request.scope["path"].startswith("/api/")
    return etags.tagging(request, send) if is_read else send


def _is_kept(request: Asked, principal: Principal, opt: dict[str, Any]) -> bool:
    return (
        request.method not in SAFE
        and principal.is_known
        and bool(opt.get(KEEPS_REPLY))
        and idempotency.HEADER in request.headers
        and request.scope["path"].startswith("/api/")
    )
