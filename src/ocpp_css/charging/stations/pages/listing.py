"""The list of stations: as a table or as tiles, as a file, and what is done to many at once."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.response import Stream

from ocpp_css.charging.stations import store
from ocpp_css.charging.stations.model import Seen
from ocpp_css.charging.stations.pages.words import REGISTRATION, STATUSES, Sign, sign_of, state_of
from ocpp_css.charging.stations.service import registration
from ocpp_css.charging.stations.service.shapes import status_of
from ocpp_css.edge import (
    BulkAction,
    Column,
    Empty,
    Filter,
    Page,
    Principal,
    Table,
    TableQuery,
    View,
    gettext,
    lazy,
    needs,
    ngettext,
    page,
    posted_list,
    toast,
)
from ocpp_css.edge.exports import csv_lines
from ocpp_css.gateway.link import StationLink
from ocpp_css.kit.clock import rfc3339
from ocpp_css.kit.paging import Cursor, page_of
from ocpp_css.kit.paging import Page as Rows
from ocpp_css.people import audit
from ocpp_css.storage import Database, Unit

Asked = Request[Any, Any, Any]
PATH = "/console/stations"
VIEW_COOKIE = "css_stations"
EXPORTED_AT_ONCE = 500
_SORTS = ("identity", "name", "created_at")
_COLUMNS = (
    Column("identity", lazy("Station"), sort="identity"),
    Column("state", lazy("State")),
    Column("connectors", lazy("Connectors")),
    Column("version", lazy("Version")),
    Column("model", lazy("Model")),
    Column("seen", lazy("Last heard")),
    Column("registration", lazy("Registration"), is_hidden=True),
    Column("firmware", lazy("Firmware"), is_hidden=True),
    Column("address", lazy("Address"), is_hidden=True),
    Column("created", lazy("Added"), sort="created_at", is_hidden=True),
)
_FILTERS = (
    Filter("online", lazy("Connection"), [("yes", lazy("Online")), ("no", lazy("Offline"))]),
    Filter("state", lazy("State"), [(name, sign.label) for name, sign in STATUSES.items()]),
    Filter("version", lazy("Version"), [(name, f"OCPP {name}") for name in ("1.6", "2.0.1", "2.1")]),
    Filter("registration", lazy("Registration"), [(name, sign.label) for name, sign in REGISTRATION.items()]),
    Filter("security", lazy("Security"), [("weak", lazy("Weak"))]),
)
_EMPTY = Empty(
    lazy("No stations yet"),
    lazy("Add the first one: give it a name, then enter the address that is shown into the station."),
    "charging-pile", lazy("Add a station"), f"{PATH}/~add",
)  # fmt: skip
_EVENTS = "station.connected station.disconnected station.booted station.registered connector.changed"


@dataclass(frozen=True, slots=True)
class Row:
    """A station in the list; its id is its identity."""

    id: str
    seen: Seen
    sign: Sign
    registration: Sign

    def signs(self) -> list[tuple[str, Sign]]:
        """The connectors, each with its number and state."""
        placed = [one for one in self.seen.connectors if one.evse_id > 0]
        several = {one.evse_id for one in placed if one.connector_id > 1}
        names = [f"{one.evse_id}.{one.connector_id}" if one.evse_id in several else str(one.evse_id) for one in placed]
        return [(name, sign_of(one.status)) for name, one in zip(names, placed, strict=True)]


async def rows_of(unit: Unit, found: Sequence[Any]) -> list[Row]:
    """The rows of a query with their connectors, read in one go."""
    connectors = await store.connectors_of_many(unit, [row.station_id for row in found])
    rows = []
    for row in found:
        station = store.to_station(row)
        seen = Seen(station=station, presence=store.to_presence(row), connectors=connectors[row.station_id])
        rows.append(Row(station.identity, seen, state_of(seen), REGISTRATION[station.registration_status]))
    return rows


@get(PATH, opt=needs("stations:read"))
async def stations_page(request: Asked, unit: NamedDependency[Unit], principal: NamedDependency[Principal]) -> Page:
    query = TableQuery.of(request, sorts=_SORTS, filters=_FILTERS)
    asked = query.paging
    found = await store.page(
        unit, filters=_filters(query), order=asked.sort, after=asked.after, limit=asked.limit
    )  # fmt: skip
    shown = page_of(found, asked, lambda row: (_place(row, asked.column), row.station_id))
    rows = await rows_of(unit, shown.items)
    is_tiled = request.cookies.get(VIEW_COOKIE) == "tiles"
    table = Table(
        "stations", lazy("Stations"), _COLUMNS, query, Rows(rows, shown.next_cursor), _EMPTY,
        filters=_FILTERS, bulk=_bulk(principal), export=query.href().replace(PATH, f"{PATH}/~export.csv", 1),
        refresh_on=_EVENTS, changed_on="stations-changed", views=_views(query, is_tiled=is_tiled), is_tiled=is_tiled,
    )  # fmt: skip
    return page("stations/list.html", title=gettext("Stations"), table=table)


def _views(query: TableQuery, *, is_tiled: bool) -> list[View]:
    return [
        View(lazy("As a table"), query.here, "list", f"{VIEW_COOKIE}=table", not is_tiled),
        View(lazy("As tiles"), query.here, "layout-grid", f"{VIEW_COOKIE}=tiles", is_tiled),
    ]


def _bulk(principal: Principal) -> list[BulkAction]:
    restarts, writes = principal.may("commands:restart"), principal.may("stations:write")
    actions = []
    if restarts:
        reset = lazy("Stations that restart: {n}. Those that charge end their transactions first.", n="{n}")
        away = lazy("Stations that go out of service: {n}. Running transactions go on.", n="{n}")
        actions += [
            BulkAction(lazy("Restart"), f"{PATH}/~reset", "refresh", reset),
            BulkAction(lazy("Into service"), f"{PATH}/~available", "player-play"),
            BulkAction(lazy("Out of service"), f"{PATH}/~unavailable", "ban", away),
        ]
    if writes:
        gone = lazy("Stations to remove: {n}. Their connections are closed, their history stays.", n="{n}")
        actions.append(BulkAction(lazy("Remove"), f"{PATH}/~remove", "trash", gone, is_dangerous=True))
    return actions


def _filters(query: TableQuery) -> dict[str, Any]:
    chosen = query.chosen
    return {
        "search": query.search or None,
        "online": {"yes": True, "no": False}.get(chosen.get("online", "")),
        "status": chosen.get("state"),
        "ocpp_version": chosen.get("version"),
        "registration_status": chosen.get("registration"),
        "weak": chosen.get("security") == "weak",
    }


def _place(row: Any, column: str) -> Any:
    return (row.name or row.identity) if column == "name" else getattr(row, column)


@get(f"{PATH}/~export.csv", opt=needs("stations:read"))
async def export_stations(request: Asked, db: NamedDependency[Database], unit: NamedDependency[Unit]) -> Stream:
    query = TableQuery.of(request, sorts=_SORTS, filters=_FILTERS)
    headers = {"Content-Disposition": 'attachment; filename="stations.csv"'}
    return Stream(_csv(db, unit.tenant, _filters(query)), media_type="text/csv; charset=utf-8", headers=headers)


_EXPORTED = (
    "identity", "name", "online", "status", "ocpp_version", "vendor", "model", "serial_number", "firmware_version",
    "registration_status", "security_profile", "latitude", "longitude", "address", "site_id", "last_seen_at",
    "created_at",
)  # fmt: skip


async def _csv(db: Database, tenant: int, filters: dict[str, Any]) -> AsyncIterator[str]:
    """All stations that fit, as lines of CSV, some hundred at a time."""
    yield csv_lines([_EXPORTED])
    after: Cursor | None = None
    while True:
        unit = db.unit(tenant)
        found = await store.page(unit, filters=filters, order="identity", after=after, limit=EXPORTED_AT_ONCE)
        yield csv_lines([_cells(row.seen) for row in await rows_of(unit, found[:EXPORTED_AT_ONCE])])
        if len(found) <= EXPORTED_AT_ONCE:
            return
        last = found[EXPORTED_AT_ONCE - 1]
        after = Cursor("identity", last.identity, last.station_id)


def _cells(seen: Seen) -> list[Any]:
    station, presence = seen.station, seen.presence
    told: dict[str, Any] = {
        "online": "yes" if presence.is_online else "no",
        "status": status_of(seen.connectors),
        "ocpp_version": seen.version,
        "last_seen_at": presence.last_seen_at and rfc3339(presence.last_seen_at),
        "created_at": rfc3339(station.created_at),
    }
    return [told[name] if name in told else getattr(station, name) for name in _EXPORTED]


@post(f"{PATH}/~remove", opt=needs("stations:write"), status_code=200)
async def remove_stations(
    request: Asked,
    db: NamedDependency[Database],
    unit: NamedDependency[Unit],
    link: NamedDependency[StationLink],
    principal: NamedDependency[Principal],
) -> Response[str]:
    identities = await posted_list(request, "id")
    count = 0
    for identity in identities:
        own = db.unit(unit.tenant)
        station = await store.read(own, identity)
        if station is None:
            continue
        audit.record(own, principal, "station.remove", "station", identity)
        await registration.remove(db, own, station)
        await link.disconnect(own.tenant, station.station_id, "the station was removed")
        count += 1
    said = ngettext("{n} station was removed.", "{n} stations were removed.", count)
    return Response("", headers=changed(said), media_type="text/html")


def changed(text: str, kind: str = "ok") -> dict[str, str]:
    """Headers that say a sentence, and let lists of stations on the page fetch themselves anew."""
    headers = toast(text, kind=kind)
    trigger = headers["HX-Trigger"].removesuffix("}") + ', "stations-changed": {}}'
    return {"HX-Trigger": trigger, "HX-Reswap": "none"}


HANDLERS = (stations_page, export_stations, remove_stations)
