"""The web application out of all areas' handlers."""

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from ipaddress import ip_network
from typing import Any

from litestar import Litestar
from litestar.di import Provide
from prometheus_client import CollectorRegistry

from ocpp_css.app.settings import Settings
from ocpp_css.assembly import Area, Wiring
from ocpp_css.edge import StoredReplies, WebSettings
from ocpp_css.edge.app import Extras, build_web
from ocpp_css.edge.health import Check
from ocpp_css.kit.networks import Network
from ocpp_css.outreach.feed.api import FEEDS
from ocpp_css.people.notices.pages import BELL


def build(wiring: Wiring, areas: Sequence[Area], checks: Mapping[str, Check], registry: CollectorRegistry) -> Litestar:
    """The application; where it serves nobody it tells of its health and figures only."""
    settings: Settings = wiring.settings
    areas = areas if settings.serves_people else []
    replies = StoredReplies(wiring.db, wiring.secrets.key("kept replies"))
    web = build_web(
        handlers=[handler for area in areas for handler in area.routes],
        authenticator=wiring.services["authenticator"],
        units=wiring.db,
        settings=web_settings(settings),
        nav=[entry for area in areas for entry in area.nav],
        panels=[panel for area in areas for panel in area.panels],
        template_dirs=[(area.name.rpartition("/")[2], area.templates) for area in areas if area.templates is not None],
        extras=Extras(
            checks=checks,
            registry=registry,
            replies=replies,
            lifespan=[replies.sweeping],
            live=FEEDS if areas else (),
            bell=BELL,
            keep_language=wiring.services.get("keep_language"),
            dependencies=dependencies(wiring, areas),
        ),
    )
    web.state.pseudonyms = wiring.pseudonyms
    return web


def networks(given: Sequence[str]) -> tuple[Network, ...]:
    """The networks of trusted proxies."""
    return tuple(ip_network(text) for text in given)


def web_settings(settings: Settings) -> WebSettings:
    """What the web side must know."""
    return WebSettings(
        public_url=settings.site_url,
        trusted_proxies=networks(settings.trusted_proxy),
        is_development=settings.development,
        version=version("ocpp-css"),
        metrics_token=settings.metrics_token,
        has_proxy=settings.public_url is not None or bool(settings.trusted_proxy),
    )


def dependencies(wiring: Wiring, areas: Sequence[Area]) -> dict[str, Provide]:
    """What handlers may ask for by name."""
    made: dict[str, Provide] = {}
    for area in areas:
        for name, make in area.dependencies.items():
            value = make(wiring)
            made[name] = value if isinstance(value, Provide) else Provide(_always(value), sync_to_thread=False)
    return made


def _always(value: Any) -> Any:
    def provide() -> Any:
        return value

    return provide
