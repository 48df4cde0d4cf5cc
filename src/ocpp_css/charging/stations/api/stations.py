"""Stations over REST: list, register, change, remove."""

import asyncio
from typing import Annotated, Any

import msgspec
from litestar import Request, delete, get, patch, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import UNSET, Meta

from ocpp_css.charging.stations import store
from ocpp_css.charging.stations.model import Presence
from ocpp_css.charging.stations.service import registration
from ocpp_css.charging.stations.service.directory import MemoryDirectory
from ocpp_css.charging.stations.service.registration import get as the_station
from ocpp_css.charging.stations.service.shapes import (
    PasswordGiven,
    StationAddress,
    StationChange,
    StationGiven,
    StationShown,
    columns,
    settings_of,
    shown,
)
from ocpp_css.edge import IfMatch, Principal, must_match, needs
from ocpp_css.gateway.directory import RegistrationStatus
from ocpp_css.gateway.link import StationLink
from ocpp_css.kit.errors import Refusal
from ocpp_css.kit.paging import Page, page_of, page_request
from ocpp_css.people import audit, tenants
from ocpp_css.storage import PROVIDER, Database, Unit

MOST_IMPORTED = 10_000
IMPORTED_AT_ONCE = 200


async def address_of(
    db: NamedDependency[Database], principal: NamedDependency[Principal], request: Request[Any, Any, Any]
) -> StationAddress:
    """The account's station address, as seen from where the request came."""
    account = await tenants.known(db.unit(PROVIDER), principal.tenant)
    state = request.app.state
    host = request.url.hostname or "localhost"
    shown = f"[{host}]" if ":" in host else host
    tls_base = f"wss://{shown}:{state.station_tls_port}" if state.station_tls_port else None
    base = state.station_url or f"ws://{shown}:{state.station_port}"
    code = "" if account is None else account.connection_code
    return StationAddress(base, code, tls_base=None if state.station_url else tls_base)


@get("/api/v1/stations", opt=needs("stations:read"))
async def list_stations(  # noqa: PLR0917 - the filters of the list
    unit: NamedDependency[Unit],
    station_address: NamedDependency[StationAddress],
    limit: FromQuery[int | None] = None,
    cursor: FromQuery[str | None] = None,
    sort: FromQuery[str | None] = None,
    search: FromQuery[str | None] = None,
    online: FromQuery[bool | None] = None,
    registration_status: FromQuery[RegistrationStatus | None] = None,
    vendor: FromQuery[str | None] = None,
    site_id: FromQuery[str | None] = None,
    ocpp_version: FromQuery[str | None] = None,
) -> Page[StationShown]:
    """List stations with their presence and connectors."""
    asked = page_request(limit, cursor, sort, sorts=("identity", "name", "created_at"))
    filters = {
        "search": search, "online": online, "registration_status": registration_status, "vendor": vendor,
        "site_id": site_id, "ocpp_version": ocpp_version,
    }  # fmt: skip
    rows = await store.page(unit, filters=filters, order=asked.sort, after=asked.after, limit=asked.limit)
    page = page_of(rows, asked, lambda row: (_sort_value(row, asked.column), row.station_id))
    connectors = await store.connectors_of_many(unit, [row.station_id for row in page.items])
    return page.map(
        lambda row: shown(store.to_station(row), store.to_presence(row), connectors[row.station_id], station_address)
    )


def _sort_value(row: Any, column: str) -> Any:
    return (row.name or row.identity) if column == "name" else getattr(row, column)


@post("/api/v1/stations", opt=needs("stations:write"))
async def create_station(
    db: NamedDependency[Database],
    unit: NamedDependency[Unit],
    directory: NamedDependency[MemoryDirectory],
    station_address: NamedDependency[StationAddress],
    principal: NamedDependency[Principal],
    data: JSONBody[StationGiven],
) -> StationShown:
    """Register a station; it may connect as soon as this is answered."""
    fields = columns(msgspec.structs.asdict(data))
    password = fields.pop("password")
    audit.record(unit, principal, "station.create", "station", data.identity)
    station = await registration.create(db, directory, unit, fields, password)
    return shown(station, Presence(), [], station_address)


@post("/api/v1/stations/import", opt=needs("stations:write"), status_code=200)
async def import_stations(
    db: NamedDependency[Database],
    unit: NamedDependency[Unit],
    directory: NamedDependency[MemoryDirectory],
    principal: NamedDependency[Principal],
    data: JSONBody[Annotated[list[StationGiven], Meta(max_length=MOST_IMPORTED)]],
) -> dict[str, Any]:
    """Register many stations; each row is stored or told of, those that exist are skipped."""
    gate = asyncio.Semaphore(IMPORTED_AT_ONCE)

    async def store_one(number: int, given: StationGiven) -> dict[str, Any] | None:
        fields = columns(msgspec.structs.asdict(given))
        password = fields.pop("password")
        async with gate:
            try:
                await registration.create(db, directory, db.unit(unit.tenant), fields, password)
            except Refusal as refusal:
                return {"row": number, "identity": given.identity, "code": refusal.code, "detail": refusal.detail}
        return None

    told = await asyncio.gather(*(store_one(number, given) for number, given in enumerate(data)))
    errors = [fault for fault in told if fault is not None]
    created = len(data) - len(errors)
    audit.record(unit, principal, "station.import", "station", "*", after={"created": created})
    return {"created": created, "skipped": len(errors), "errors": errors[:100]}


@get("/api/v1/stations/{identity:str}", opt=needs("stations:read"))
async def read_station(
    unit: NamedDependency[Unit], station_address: NamedDependency[StationAddress], identity: FromPath[str]
) -> StationShown:
    """Show one station."""
    station = await the_station(unit, identity)
    presence = await store.presence_of(unit, station.station_id)
    connectors = await store.connectors_of(unit, station.station_id)
    refusal = await store.refusal_of(unit, station.station_id)
    return msgspec.structs.replace(shown(station, presence, connectors, station_address), last_refusal=refusal)


@patch("/api/v1/stations/{identity:str}", opt=needs("stations:write"))
async def change_station(
    unit: NamedDependency[Unit],
    station_address: NamedDependency[StationAddress],
    principal: NamedDependency[Principal],
    identity: FromPath[str],
    data: JSONBody[StationChange],
    if_match: IfMatch = None,
) -> StationShown:
    """Change a station; what concerns its connection counts at once."""
    before = await the_station(unit, identity)
    must_match(if_match, settings_of(before))
    given = {name: getattr(data, name) for name in data.__struct_fields__ if getattr(data, name) is not UNSET}
    changes = columns(given)
    if "quirks" in changes:
        changes["quirks"] = [quirk.value for quirk in changes["quirks"]]
    station = registration.change(unit, before, changes)
    audit.record(
        unit,
        principal,
        "station.change",
        "station",
        identity,
        {name: getattr(before, name) for name in changes},
        {name: getattr(station, name) for name in changes},
    )
    presence = await store.presence_of(unit, station.station_id)
    return shown(station, presence, await store.connectors_of(unit, station.station_id), station_address)


@delete("/api/v1/stations/{identity:str}", opt=needs("stations:write"))
async def remove_station(
    db: NamedDependency[Database],
    unit: NamedDependency[Unit],
    link: NamedDependency[StationLink],
    principal: NamedDependency[Principal],
    identity: FromPath[str],
    if_match: IfMatch = None,
) -> None:
    """Take a station out; its history stays, its connection is closed."""
    station = await the_station(unit, identity)
    must_match(if_match, settings_of(station))
    audit.record(unit, principal, "station.remove", "station", identity)
    await registration.remove(db, unit, station)
    await link.disconnect(unit.tenant, station.station_id, "the station was removed")


@put("/api/v1/stations/{identity:str}/password", opt=needs("stations:write"), status_code=204)
async def set_password(
    unit: NamedDependency[Unit],
    directory: NamedDependency[MemoryDirectory],
    principal: NamedDependency[Principal],
    identity: FromPath[str],
    data: JSONBody[PasswordGiven],
    if_match: IfMatch = None,
) -> None:
    """Set the password that the service accepts from the station; the station itself is not told."""
    station = await the_station(unit, identity)
    must_match(if_match, settings_of(station))
    registration.set_password(directory, unit, station, data.password, allow_weak=data.allow_weak)
    audit.record(unit, principal, "station.password", "station", identity)


@delete("/api/v1/stations/{identity:str}/password", opt=needs("stations:write"))
async def remove_password(
    unit: NamedDependency[Unit],
    principal: NamedDependency[Principal],
    identity: FromPath[str],
    if_match: IfMatch = None,
) -> None:
    """Let the station in without a password; a standing weakness is shown (RULES 1.4)."""
    station = await the_station(unit, identity)
    must_match(if_match, settings_of(station))
    registration.change(
        unit, station, {"passwords": [], "next_passwords": None, "is_weak": False, "security_profile": 0}
    )
    audit.record(unit, principal, "station.password_removed", "station", identity)


HANDLERS = (
    list_stations, create_station, import_stations, read_station, change_station, remove_station, set_password,
    remove_password,
)  # fmt: skip
