"""Is it there, can it work, how is it doing."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime

import msgspec
import structlog
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from ocpp_css.edge.live import Streams
from ocpp_css.edge.permissions import public

Check = Callable[[], Awaitable[None]]
"""Returns when what it looks at can work, raises otherwise."""

_METRICS = CONTENT_TYPE_LATEST.partition("; charset")[0]
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


def ready_handler(checks: Mapping[str, Check], streams: Streams) -> HTTPRouteHandler:
    """The route that says whether requests should be sent here."""

    @get("/health/ready", opt=public(identify=False), include_in_schema=False)
    async def ready() -> Response[dict[str, object]]:
        found = dict(zip(checks, await asyncio.gather(*map(_verdict, checks.values())), strict=True))
        is_ready = all(word == "ok" for word in found.values()) and not streams.is_draining
        body: dict[str, object] = {"status": "ok" if is_ready else "unavailable", "checks": found}
        return Response(body, status_code=200 if is_ready else 503)

    return ready


async def _verdict(check: Check) -> str:
    try:
        async with asyncio.timeout(_PATIENCE_S):
            await check()
    except TimeoutError:
        return "timeout"
    except Exception as error:  # noqa: BLE001 - whatever it is, it is not ready
        await _log.awarning("not_ready", error=repr(error))
        return "failed"
    return "ok"


def metrics_handler(registry: CollectorRegistry) -> HTTPRouteHandler:
    """The route that Prometheus reads."""

    @get("/metrics", opt=public(identify=False), include_in_schema=False, sync_to_thread=True)
    def metrics() -> Response[bytes]:
        return Response(generate_latest(registry), media_type=_METRICS)

    return metrics
