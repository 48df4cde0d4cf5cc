"""The web application, built out of what the areas bring."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from litestar import Litestar, Request
from litestar.config.compression import CompressionConfig
from litestar.datastructures import State
from litestar.di import Provide
from litestar.middleware.compression import CompressionMiddleware
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.template import TemplateConfig
from litestar.types import ControllerRouterHandler, Receive, Scope, Send
from litestar.types.empty import Empty
from prometheus_client import REGISTRY, CollectorRegistry

from ocpp_css.edge import health, problems
from ocpp_css.edge.assets import Assets, static_handler
from ocpp_css.edge.bodies import BodyRequest
from ocpp_css.edge.docs_page import openapi_config
from ocpp_css.edge.gate import Gate
from ocpp_css.edge.headers import security_headers
from ocpp_css.edge.home import home_handlers
from ocpp_css.edge.i18n import Languages
from ocpp_css.edge.idempotency import IdempotencyStore, RememberedReplies
from ocpp_css.edge.live import Streams
from ocpp_css.edge.navigation import NavEntry
from ocpp_css.edge.panels import Panel, Panels
from ocpp_css.edge.permissions import DeclarationCheck
from ocpp_css.edge.principal import Authenticator, Principal
from ocpp_css.edge.rendering import LiveFeed, Shell, environment
from ocpp_css.edge.settings import WebSettings
from ocpp_css.edge.units import UnitSource, provide_unit

Lifespan = Callable[[Litestar], AbstractAsyncContextManager[None]]


@dataclass(frozen=True, slots=True)
class Extras:
    """What may be left out: readiness checks, the live stream of the console, the fragment that shows a person's
    notices, metrics, a shared reply store, what else handlers may ask for by name.
    """

    checks: Mapping[str, health.Check] = field(default_factory=dict)
    live: Sequence[LiveFeed] = ()
    bell: str = ""
    registry: CollectorRegistry = REGISTRY
    replies: IdempotencyStore = field(default_factory=RememberedReplies)
    keep_language: Callable[[Principal, str], Awaitable[None]] | None = None
    lifespan: Sequence[Lifespan] = ()
    dependencies: Mapping[str, Provide] = field(default_factory=dict)


def build_web(
    *,
    handlers: Sequence[ControllerRouterHandler],
    authenticator: Authenticator,
    units: UnitSource,
    settings: WebSettings,
    nav: Sequence[NavEntry] = (),
    panels: Sequence[Panel] = (),
    template_dirs: Sequence[tuple[str, Path]] = (),
    extras: Extras | None = None,
) -> Litestar:
    """Build the application; a route that declares neither `needs` nor `public` fails here.

    Handlers get, by parameter name: `unit` (committed before the answer leaves), `principal`, `panels`. The state
    holds `streams` (call `streams.drain()` before the server stops), `languages`, `assets` and `settings`.
    """
    extras = extras or Extras()
    engine = environment(template_dirs, assets := Assets())
    state = _state(settings, units, assets, extras) | {"shell": Shell(settings, nav, extras.live, extras.bell)}
    return Litestar(
        route_handlers=[*map(_kept_out_of_the_description, handlers), *_own_handlers(extras, state)],
        middleware=[Gate(settings, authenticator, extras.replies)],
        plugins=[DeclarationCheck()],
        before_send=[security_headers(settings)],
        request_class=BodyRequest,
        exception_handlers={Exception: problems.answer},
        dependencies=_dependencies(Panels(panels, engine), extras),
        template_config=TemplateConfig(instance=JinjaTemplateEngine.from_environment(engine)),
        compression_config=_COMPRESSION,
        openapi_config=openapi_config(settings.version),
        request_max_body_size=settings.max_body_bytes,
        logging_config=None,
        debug=False,
        lifespan=[_draining(state["streams"]), *extras.lifespan],
        state=State(state),
    )


def _state(settings: WebSettings, units: UnitSource, assets: Assets, extras: Extras) -> dict[str, Any]:
    return {
        "settings": settings,
        "units": units,
        "assets": assets,
        "streams": Streams(settings.streams_per_caller),
        "languages": Languages(default=settings.default_language),
        "keep_language": extras.keep_language,
    }


def _dependencies(panels: Panels, extras: Extras) -> dict[str, Provide]:
    return {
        "unit": Provide(provide_unit),
        "principal": Provide(_principal, sync_to_thread=False),
        "panels": Provide(lambda: panels, sync_to_thread=False),
        **extras.dependencies,
    }


def _own_handlers(extras: Extras, state: dict[str, Any]) -> list[ControllerRouterHandler]:
    own: list[ControllerRouterHandler] = [
        health.ping,
        health.alive,
        health.ready_handler(extras.checks, lambda: state["streams"].is_draining),
        health.metrics_handler(extras.registry, state["settings"]),
        static_handler(state["assets"]),
        *home_handlers(),
    ]
    if state["settings"].is_development:
        from ocpp_css.edge.pieces_page import pieces_handlers

        own.extend(pieces_handlers())
    return own


def _kept_out_of_the_description(handler: ControllerRouterHandler) -> ControllerRouterHandler:
    """Pages are not part of the REST interface; whoever wants one described says `include_in_schema=True`."""
    described: Any = handler
    paths = getattr(handler, "paths", None) or {getattr(handler, "path", "") or ""}
    is_page = not any(path.startswith("/api/") for path in paths)
    if is_page and getattr(described, "include_in_schema", Empty) is Empty:
        described.include_in_schema = False
    return handler


def _principal(request: Request[Any, Any, Any]) -> Principal:
    found: Principal = request.scope["user"]
    return found


def _draining(streams: Streams) -> Lifespan:
    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        try:
            yield
        finally:
            streams.drain()

    return lifespan


class TextCompression(CompressionMiddleware):
    """Compresses answers, except streams of events, which must not wait in a buffer."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        accept = next((value for name, value in scope["headers"] if name == b"accept"), b"")
        if b"text/event-stream" in accept or scope["path"].startswith("/static/") or scope["path"].endswith("/live"):
            await self.app(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


_COMPRESSION = CompressionConfig("gzip", minimum_size=1000, gzip_compress_level=5, middleware_class=TextCompression)
