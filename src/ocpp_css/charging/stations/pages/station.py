"""A station's page: its head, and tabs that the areas fill by panels (RULES 3.6)."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from litestar import Request, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from ocpp_css.charging.stations import store
from ocpp_css.charging.stations.model import Seen, Station, Variable
from ocpp_css.charging.stations.pages.listing import PATH
from ocpp_css.charging.stations.pages.words import (
    PROFILES,
    QUIRKS,
    REFUSALS,
    REGISTRATION,
    WEAKNESSES,
    Sign,
    sign_of,
    state_of,
)
from ocpp_css.charging.stations.service.lookup import seen as seen_of
from ocpp_css.charging.stations.service.registration import get as the_station
from ocpp_css.charging.stations.service.shapes import StationAddress, settings_of, weaknesses_of
from ocpp_css.edge import (
    ChangedMeanwhile,
    Fragment,
    LazyText,
    Page,
    Panel,
    PanelContext,
    Panels,
    faults_by_field,
    gettext,
    lazy,
    needs,
    page,
    tag_of,
)
from ocpp_css.kit.paging import Cursor, page_of, page_request
from ocpp_css.kit.paging import Page as Rows
from ocpp_css.model.station import Connector
from ocpp_css.storage import Unit

STATION = f"{PATH}/{{identity:str}}"
EVENTS = (
    "station.connected station.disconnected station.booted station.registered connector.changed transaction.started "
    "transaction.changed transaction.stopped transaction.reading"
)
TABS: Sequence[tuple[str, LazyText, str]] = (
    ("", lazy("Overview"), "stations:read"),
    ("log", lazy("Live log"), "messages:read"),
    ("transactions", lazy("Transactions"), "transactions:read"),
    ("commands", lazy("Commands"), "messages:read"),
    ("configuration", lazy("Configuration"), "stations:read"),
    ("security", lazy("Security"), "stations:read"),
    ("settings", lazy("Settings"), "stations:write"),
)
"""Path, label, permission. Panels stand in the places `station.<path>`, those of the first in `station.overview`."""
SHOWN_EVENTS = 50


@get(
    [STATION, *(f"{STATION}/{name}" for name, _, _ in TABS if name and name != "settings")], opt=needs("stations:read")
)
async def station_page(
    request: Request[Any, Any, Any],
    unit: NamedDependency[Unit],
    panels: NamedDependency[Panels],
    station_address: NamedDependency[StationAddress],
    identity: FromPath[str],
) -> Page:
    seen = await seen_of(unit, await the_station(unit, identity))
    rest = request.scope["path"].rpartition("/")[2]
    tab = rest if rest in {name for name, _, _ in TABS if name and name != identity} else ""
    return await shown(
        PanelContext(request, unit, seen), panels, tab or "overview", url=station_address.url(seen.station)
    )


async def shown(context: PanelContext, panels: Panels, tab: str, **more: Any) -> Page:
    """The page with one of its tabs."""
    seen: Seen = context.subject
    return page(
        "stations/station.html",
        title=seen.station.identity,
        seen=seen,
        station=seen.station,
        sign=state_of(seen),
        registration=REGISTRATION[seen.station.registration_status],
        events=EVENTS,
        tab=tab,
        refusals=REFUSALS,
        tabs=tabs_of(context, seen, tab),
        figures=await panels.compose("station.figures", context) if tab == "overview" else [],
        actions=await panels.compose("station.actions", context),
        shown=await panels.compose(f"station.{tab}", context),
        **{"status": 200, **more},
    )


def tabs_of(context: PanelContext, seen: Seen, tab: str) -> list[tuple[str, str, bool]]:
    """The tabs that the reader may see: label, address, whether it is this one."""
    return [
        (str(label), f"{seen.href}/{name}" if name else seen.href, (name or "overview") == tab)
        for name, label, permission in TABS
        if context.principal.may(permission)
    ]


# --- overview -------------------------------------------------------------------------------------------------------


async def drawing(context: PanelContext) -> Fragment:
    """The station with its EVSEs and connectors in their states."""
    seen: Seen = context.subject
    placed = [(one, sign_of(one.status)) for one in seen.connectors if one.evse_id > 0]
    own = next((sign_of(one.status) for one in seen.connectors if one.evse_id == 0), None)
    return Fragment("stations/drawing.html", {"seen": seen, "placed": placed, "own": own, "told": told(placed)})


def told(placed: Sequence[tuple[Connector, Sign]]) -> str:
    """What the drawing shows, in words."""
    words = [f"EVSE {one.evse_id}, {gettext('connector')} {one.connector_id}: {sign.label}" for one, sign in placed]
    return "; ".join(words) or gettext("No connectors reported yet.")


async def about(context: PanelContext) -> Fragment:
    """What the station said of itself."""
    return Fragment("stations/about.html", {"seen": context.subject, "station": context.subject.station})


# --- configuration --------------------------------------------------------------------------------------------------


async def configuration(context: PanelContext) -> Fragment:
    """Configuration keys of 1.6, or the device model as a tree of components."""
    seen: Seen = context.subject
    search = context.request.query_params.get("q", "").strip()[:100]
    variables = await store.variables_of(context.unit, seen.station.station_id, search or None)
    is_16 = seen.version in {"", "1.6"}
    found = [one for one in variables if bool(one.component) != is_16]
    return Fragment(
        "stations/configuration.html",
        {
            "seen": seen,
            "groups": [(name, list(rows)) for name, rows in groupby(found, key=component_of)],
            "count": len(found),
            "search": search,
            "is_16": is_16,
            "may_set": context.principal.may("commands:configure"),
            "may_ask": context.principal.may("commands:look"),
        },
    )


def component_of(variable: Variable) -> str:
    """A component with its instance and place, as one reads it."""
    name = variable.component
    if variable.component_instance:
        name += f" [{variable.component_instance}]"
    if variable.evse_id:
        name += f" · EVSE {variable.evse_id}" + (f".{variable.connector_id}" if variable.connector_id else "")
    return name


# --- security -------------------------------------------------------------------------------------------------------


async def security(context: PanelContext) -> Fragment:
    """How the station proves who it is, what is weak about that, and what it reported."""
    seen: Seen = context.subject
    found = weaknesses_of(seen.station, seen.presence)
    return Fragment(
        "stations/security.html",
        {
            "seen": seen,
            "station": seen.station,
            "weaknesses": [WEAKNESSES[name] for name in found],
            "profiles": PROFILES,
            "refusals": REFUSALS,
            "may_write": context.principal.may("stations:write"),
            "may_set": context.principal.may("commands:configure"),
        },
    )


async def security_events(context: PanelContext) -> Fragment:
    """The station's security events, the newest first."""
    cursor = context.request.query_params.get("cursor")
    asked = page_request(SHOWN_EVENTS, cursor, sorts=("-at",))
    events = await events_of(context.unit, context.subject.station.station_id, asked.after)
    rows: Rows[Any] = page_of(events, asked, lambda row: (None, row.id))
    return Fragment("stations/security_events.html", {"seen": context.subject, "events": rows})


async def events_of(unit: Unit, station_id: int, after: Cursor | None) -> Sequence[Any]:
    """Security events, one more than a page holds."""
    return await store.security_events(unit, station_id, after, SHOWN_EVENTS)


# --- settings -------------------------------------------------------------------------------------------------------


async def settings(context: PanelContext) -> Fragment:
    """What an operator says of the station; a form that was refused comes back with its faults."""
    station: Station = context.subject.station
    form, refusal = context.request.state.get("refused_settings") or ({}, None)
    faults = {} if refusal is None else faults_by_field(refusal.errors)
    return Fragment(
        "stations/settings.html",
        {
            "seen": context.subject,
            "station": station,
            "tag": tag_of(settings_of(station)),
            "is_overtaken": isinstance(refusal, ChangedMeanwhile),
            "form": form,
            "errors": {name.rpartition(".")[2]: gettext(text) for name, text in faults.items()},
            "quirks": QUIRKS,
            "registrations": [(name, sign.label) for name, sign in REGISTRATION.items()],
        },
    )


PANELS = (
    Panel("station.overview", 10, drawing, needs="stations:read"),
    Panel("station.overview", 90, about, lazy("About the station"), needs="stations:read"),
    Panel("station.configuration", 10, configuration, needs="stations:read", width=2),
    Panel("station.security", 10, security, needs="stations:read"),
    Panel("station.security", 20, security_events, lazy("Security events"), needs="stations:read"),
    Panel("station.settings", 10, settings, needs="stations:write", width=2),
)
HANDLERS = (station_page,)
