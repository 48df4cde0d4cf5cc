"""Is it there, can it work, how is it doing."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from hmac import compare_digest
from typing import Any

import msgspec
import structlog
from litestar import Litestar, Request, Response, get
from litestar.handlers import HTTPRouteHandler
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from ocpp_css.edge.permissions import public
from ocpp_css.edge.settings import WebSettings, is_local

Check = Callable[[], Awaitable[None]]
"""Returns when what it looks at can work, raises otherwise."""

_METRICS = CONTENT_TYPE_LATEST.partition("; charset")[0]
_FOR_THE_OPERATOR = b"Show the token that the service was started with, or ask from its own machine.\n"
_PATIENCE_S = 2.0
_log = structlog.get_logger(__name__)


class Pong(msgspec.Struct, frozen=True):
    """The answer of `/ping`."""

    status: str
    time: datetime


@get("/api/v1/ping", opt=public(identify=False), tags=["service"], summary="Whether the service answers")
async def ping() -> Pong:
    """The service answers, and its clock."""
    return Pong("ok", datetime.now(UTC))


@get("/health/live", opt=public(identify=False), include_in_schema=False)
async def alive() -> dict[str, str]:
    """The process runs and its loop turns."""
    return {"status": "ok"}


def ready_handler(checks: Mapping[str, Check], is_draining: Callable[[], bool]) -> HTTPRouteHandler:
    """The route that says whether requests should be sent here."""

    @get("/health/ready", opt=public(identify=False), include_in_schema=False)
    async def ready() -> Response[dict[str, object]]:
        verdicts = await asyncio.gather(*(_verdict(name, check) for name, check in checks.items()))
        found = dict(zip(checks, verdicts, strict=True))
        is_ready = all(word == "ok" for word in found.values()) and not is_draining()
        body: dict[str, object] = {"status": "ok" if is_ready else "unavailable", "checks": found}
        return Response(body, status_code=200 if is_ready else 503)

    return ready


async def _verdict(name: str, check: Check) -> str:
    try:
        async with asyncio.timeout(_PATIENCE_S):
            await check()
    except TimeoutError:
        await _log.awarning("not_ready", check=name, reason="timeout")
        return "timeout"
    except Exception as fault:  # noqa: BLE001 - whatever it is, it is not ready
        await _log.awarning("not_ready", check=name, exc_info=fault)
        return "failed"
    return "ok"


def metrics_handler(registry: CollectorRegistry, settings: WebSettings) -> HTTPRouteHandler:
    """The route that Prometheus reads."""

    @get("/metrics", opt=public(identify=False), include_in_schema=False, sync_to_thread=True)
    def metrics(request: Request[Any, Any, Any]) -> Response[bytes]:
        if not _is_operator(request, settings):
            return Response(
                _FOR_THE_OPERATOR, status_code=401, headers={"WWW-Authenticate": "Bearer"}, media_type="text/plain"
            )
        return Response(generate_latest(registry), media_type=_METRICS)

    return metrics


def watch_app(checks: Mapping[str, Check], registry: CollectorRegistry, settings: WebSettings) -> Litestar:
    """Health and metrics alone, for a port of their own: what a process without a web side has, too."""
    handlers = [alive, ready_handler(checks, lambda: False), metrics_handler(registry, settings)]
    return Litestar(handlers, openapi_config=None, logging_config=None)


def _is_operator(request: Request[Any, Any, Any], settings: WebSettings) -> bool:
    """Who shows the token; without one who asks from this machine, unless a proxy may ask for others (decision 30)."""
    if settings.metrics_token:
        scheme, _, shown = request.headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and compare_digest(shown.encode(), settings.metrics_token.encode())
    return not settings.has_proxy and is_local(request.scope)
