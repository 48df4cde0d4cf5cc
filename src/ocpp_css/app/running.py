"""The running service: everything put together, opened in order, closed in reverse."""

import asyncio
import contextlib
import dataclasses
import gc
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import structlog
import uvicorn
from litestar import Litestar
from prometheus_client import CollectorRegistry

from ocpp_css.app import health
from ocpp_css.app.deadlines import PunctualProtocol
from ocpp_css.app.metrics import ServiceCollector, new_registry
from ocpp_css.app.settings import Settings
from ocpp_css.app.web import build, networks, web_settings
from ocpp_css.assembly import Area, Wiring, find_areas
from ocpp_css.bus import Bus, InProcessBus
from ocpp_css.bus.nats import NatsBus
from ocpp_css.edge.health import watch_app
from ocpp_css.gateway.dispatch import Dispatcher
from ocpp_css.gateway.hub import Hub
from ocpp_css.gateway.link import BusLink, LinkServer
from ocpp_css.gateway.presence import PresenceWatch
from ocpp_css.gateway.server import Door, listen
from ocpp_css.kit.clock import system_clock
from ocpp_css.kit.secrets import Secrets
from ocpp_css.observe.beat import Beat
from ocpp_css.observe.measures import Traffic
from ocpp_css.observe.traces import open_traces
from ocpp_css.ocpp import routing
from ocpp_css.storage.nodes import Nodes
from ocpp_css.storage.opening import open_database
from ocpp_css.storage.pseudonyms import Pseudonyms

_log = structlog.get_logger(__name__)

YOUNG_OBJECTS = 50_000
"""New objects between two looks for cycles; messages make none, and with 700 a tenth of the time went into looking."""

Stop = Callable[[], Awaitable[None]]


@dataclass(slots=True)
class Service:
    """What runs: addresses to show, and the parts that tests and the demo look at."""

    settings: Settings
    wiring: Wiring
    hub: Hub | None
    web: Litestar
    areas: Sequence[Area]
    watch: Litestar
    web_url: str = ""
    watch_url: str = ""
    station_url: str = ""
    station_tls_url: str = ""
    stops: list[Stop] = field(default_factory=list)


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Service]:
    """Open everything; both ports answer inside the block, and nothing acknowledged is lost at its end."""
    async with contextlib.AsyncExitStack() as stack:
        service = await _open(settings, stack)
        await _listen(service, stack)
        _settle_garbage()
        yield service
        await _drain(service)


def _settle_garbage() -> None:
    """What stands at the start is never looked at again, and what messages leave behind is mostly freed by itself."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, 20, 50)


async def _open(settings: Settings, stack: contextlib.AsyncExitStack) -> Service:
    settings.check()
    secrets = settings.secrets()
    bus = await _bus(settings, secrets)
    stack.push_async_callback(bus.close)
    vault = settings.vault()
    db = await open_database(settings.database_url, bus, system_clock, vault, migrate=not settings.no_migrate)
    stack.push_async_callback(db.close)
    if not settings.takes_stations:
        db.hasten()
    wiring = Wiring(
        db=db, bus=bus, link=BusLink(bus, db), secrets=secrets, pseudonyms=Pseudonyms(secrets.key("pseudonyms")),
        settings=settings, does_timed_work=settings.does_timed_work,
    )  # fmt: skip
    areas = find_areas("ocpp_css")
    for area in areas:
        stop = await area.start(wiring) if area.start is not None else None
        if stop is not None:
            stack.push_async_callback(stop)
    directions: dict[str, Traffic] = {}
    hub = _gateway(wiring, areas, directions) if settings.takes_stations else None
    nodes = Nodes(db, settings.role)
    presence = PresenceWatch(db, wiring.services["directory"], nodes, hub.release if hub is not None else None)
    await presence.begin(alone=settings.bus is None)
    stack.push_async_callback(presence.end)
    checks = health.checks(db, bus, hub, settings.data)
    registry = _observed(wiring, hub, directions, stack)
    watch = watch_app(checks, registry, dataclasses.replace(web_settings(settings), has_proxy=False))
    return Service(settings, wiring, hub, build(wiring, areas, checks, registry), areas, watch)


async def _bus(settings: Settings, secrets: Secrets) -> Bus:
    """The message engine; its subjects carry a name that only who has the installation's key can know."""
    if settings.bus is None:
        return InProcessBus()
    return await NatsBus.open(settings.bus, f"ocpp-css-{secrets.key('bus').hex()[:16]}")


def _gateway(wiring: Wiring, areas: Sequence[Area], directions: dict[str, Traffic]) -> Hub:
    routes = routing.table([routes for area in areas for routes in area.actions])
    dispatcher = Dispatcher(routes, wiring.db, wiring.pseudonyms, wiring.secrets)
    hub = Hub(
        db=wiring.db,
        bus=wiring.bus,
        directory=wiring.services["directory"],
        dispatcher=dispatcher,
        states=[key for area in areas for key in area.states],
    )
    link = LinkServer(wiring.bus, wiring.db, wiring.pseudonyms, hub.connections.get)
    wiring.link.holds = hub.holds
    wiring.renewals.append(hub.renew)
    directions |= {"in": dispatcher.received, "out": link.sent}
    return hub


def _observed(
    wiring: Wiring, hub: Hub | None, directions: Mapping[str, Traffic], stack: contextlib.AsyncExitStack
) -> CollectorRegistry:
    """Metrics always, traces where they are wanted."""
    settings: Settings = wiring.settings
    beat = Beat()
    stack.push_async_callback(beat.stop)
    if settings.traces is not None and hub is not None:
        traces = hub.dispatcher.traces = open_traces(settings.traces, settings.trace_share)
        stack.push_async_callback(asyncio.to_thread, traces.close)
    return new_registry(ServiceCollector(wiring.db, hub, directions, beat))


async def _listen(service: Service, stack: contextlib.AsyncExitStack) -> None:
    settings = service.settings
    await _listen_to_stations(service, stack)
    server = await _web_port(_uvicorn(service.web, settings, settings.web_port), stack)
    if settings.watch_port is not None:
        watch = await _web_port(_uvicorn(service.watch, settings, settings.watch_port), stack)
        service.watch_url = f"{_scheme(settings)}://{_shown(settings.web_host)}:{watch.port}"
    service.web_url = settings.public_url or f"{_scheme(settings)}://{_shown(settings.web_host)}:{server.port}"


async def _listen_to_stations(service: Service, stack: contextlib.AsyncExitStack) -> None:
    settings, hub, state = service.settings, service.hub, service.web.state
    state.station_url, state.station_port = settings.station_url, settings.station_port
    state.station_tls_port = settings.station_tls_port if settings.station_tls_cert is not None else None
    if hub is not None:
        door = Door(hub, networks(settings.trusted_proxy))
        plain = await _stations_port(door, settings, settings.station_port, None)
        stack.callback(plain.close)
        state.station_port = _port(plain)
        if settings.station_tls_cert is not None:
            secure = await _stations_port(door, settings, settings.station_tls_port, station_tls(settings))
            stack.callback(secure.close)
            state.station_tls_port = _port(secure)
    host = _shown(settings.station_host)
    service.station_url = f"ws://{host}:{state.station_port}/ocpp"
    service.station_tls_url = f"wss://{host}:{state.station_tls_port}/ocpp" if state.station_tls_port else ""


def _scheme(settings: Settings) -> str:
    return "https" if settings.web_tls_cert is not None else "http"


async def _web_port(config: uvicorn.Config, stack: contextlib.AsyncExitStack) -> "WebServer":
    server = WebServer(config)
    await server.begin()
    stack.push_async_callback(server.end)
    return server


async def _stations_port(
    door: Door, settings: Settings, port: int, tls: ssl.SSLContext | None
) -> asyncio.AbstractServer:
    """A process that has stations only may share their port with others of this machine (SPEED 3.7)."""
    try:
        return await listen(door, settings.station_host, port, tls, is_shared=settings.role == "gateway")
    except OSError as fault:
        text = f"the stations' port {port} cannot be opened; is something else using it? ({fault.strerror})"
        raise OSError(text) from None


def station_tls(settings: Settings) -> ssl.SSLContext:
    """TLS for stations: 1.2 and up, no compression, client certificates where an authority is given (A00.FR.312 ff)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    context.load_cert_chain(str(settings.station_tls_cert), settings.station_tls_key)
    if settings.station_tls_client_ca is not None:
        context.load_verify_locations(str(settings.station_tls_client_ca))
        context.verify_mode = ssl.CERT_OPTIONAL
    return context


def _uvicorn(app: Litestar, settings: Settings, port: int) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=settings.web_host,
        port=port,
        http=PunctualProtocol,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=5,
        ssl_certfile=settings.web_tls_cert,
        ssl_keyfile=settings.web_tls_key,
        lifespan="on",
    )


class WebServer(uvicorn.Server):
    """uvicorn in a loop that is not its own: it begins, tells its port, and ends when told."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._running: asyncio.Task[None] | None = None

    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        """Signals belong to the program, not to its web part."""
        yield

    @property
    def port(self) -> int:
        """The port that listens."""
        return int(self.servers[0].sockets[0].getsockname()[1])

    async def begin(self) -> None:
        """Return when the port answers; raises when it cannot."""
        self._running = asyncio.get_running_loop().create_task(self._serve_or_say(), name="web")
        while not self.started:
            if self._running.done():
                await self._running
                raise OSError(f"the web port {self.config.port} did not begin; the log says why")
            await asyncio.sleep(0.005)

    async def _serve_or_say(self) -> None:
        """Where it cannot bind, uvicorn leaves the program, and with it the loop, before what is open is closed."""
        try:
            await self.serve()
        except SystemExit as leaving:
            fault = leaving.__context__
            reason = fault.strerror if isinstance(fault, OSError) else fault
            text = f"the web port {self.config.port} cannot be opened; is something else using it? ({reason})"
            raise OSError(text) from None

    async def end(self) -> None:
        """Finish open requests, then stop."""
        self.should_exit = True
        if self._running is not None:
            await self._running


async def _drain(service: Service) -> None:
    """Streams end, stations are answered and told to come again; nothing acknowledged is lost."""
    service.web.state.streams.drain()
    if service.hub is not None:
        await service.hub.drain()


def _port(server: asyncio.AbstractServer) -> int:
    sockets: list[Any] = list(getattr(server, "sockets", []))
    return int(sockets[0].getsockname()[1])


def _shown(host: str) -> str:
    return "127.0.0.1" if host == "0.0.0.0" else host  # noqa: S104 - compared, not bound
