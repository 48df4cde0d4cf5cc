"""Stations are added: one by a form, many from a file."""

import csv
import io
from collections.abc import Iterator
from typing import Any

import msgspec
from litestar import Request, get, post
from litestar.di import NamedDependency

from ocpp_css.charging.stations.pages.listing import PATH
from ocpp_css.charging.stations.service import registration
from ocpp_css.charging.stations.service.directory import MemoryDirectory
from ocpp_css.charging.stations.service.shapes import StationAddress, StationGiven, columns
from ocpp_css.edge import Page, Principal, faults_by_field, gettext, needs, page, posted, shaped
from ocpp_css.kit.errors import Refusal
from ocpp_css.people import audit
from ocpp_css.storage import Database, Unit

Asked = Request[Any, Any, Any]
MOST_IMPORTED = 10_000
_TEXTS = ("identity", "name", "password", "site_id", "registration_status")


@get(f"{PATH}/~add", opt=needs("stations:write"))
async def add_page(station_address: NamedDependency[StationAddress]) -> Page:
    return _form({}, station_address)


@post(f"{PATH}/~add", opt=needs("stations:write"), status_code=200)
async def add_station(
    request: Asked,
    db: NamedDependency[Database],
    directory: NamedDependency[MemoryDirectory],
    station_address: NamedDependency[StationAddress],
    principal: NamedDependency[Principal],
) -> Page:
    form = await posted(request)
    try:
        given = shaped(StationGiven, {name: form[name] for name in ("identity", "name", "password") if form.get(name)})
        fields = columns(msgspec.structs.asdict(given))
        password = fields.pop("password")
        own = db.unit(principal.tenant)
        audit.record(own, principal, "station.create", "station", given.identity)
        station = await registration.create(db, directory, own, fields, password)
    except Refusal as refusal:
        return _form(form, station_address, refusal)
    url = station_address.url(station)
    return page("stations/added.html", title=station.identity, station=station, url=url, password=password or "")


def _form(form: dict[str, str], address: StationAddress, refusal: Refusal | None = None) -> Page:
    errors = {} if refusal is None else faults_by_field(refusal.errors)
    told = "" if refusal is None or errors else gettext(refusal.template, **refusal.values)
    return page(
        "stations/add.html", status=refusal.status if refusal else 200, title=gettext("Add a station"), form=form,
        errors={name: gettext(text) for name, text in errors.items()}, told=told, example=address.example(),
    )  # fmt: skip


@get(f"{PATH}/~import", opt=needs("stations:write"))
async def import_page() -> Page:
    return page("stations/import.html", title=gettext("Import stations"), text="", result=None)


@post(f"{PATH}/~import", opt=needs("stations:write"), status_code=200)
async def import_stations(
    request: Asked,
    db: NamedDependency[Database],
    unit: NamedDependency[Unit],
    directory: NamedDependency[MemoryDirectory],
    principal: NamedDependency[Principal],
) -> Page:
    text = (await posted(request)).get("rows", "")
    created, errors = 0, list[tuple[int, str, str]]()
    for line, row in rows_of(text):
        try:
            fields = columns(msgspec.structs.asdict(shaped(StationGiven, row)))
            password = fields.pop("password")
            await registration.create(db, directory, db.unit(unit.tenant), fields, password)
            created += 1
        except Refusal as refusal:
            errors.append((line, row.get("identity", ""), gettext(refusal.template, **refusal.values)))
    if created:
        audit.record(unit, principal, "station.import", "station", "*", after={"created": created})
    result = {"created": created, "errors": errors}
    return page("stations/import.html", title=gettext("Import stations"), text=text if errors else "", result=result)


def rows_of(text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The lines of a CSV with their numbers; the first names the columns, commas or semicolons part them."""
    head = text.lstrip("\ufeff").split("\n", 1)[0]
    reader = csv.DictReader(
        io.StringIO(text.lstrip("\ufeff")), delimiter=";" if head.count(";") > head.count(",") else ","
    )
    for number, row in enumerate(reader):
        if number >= MOST_IMPORTED:
            return
        known = {
            (name or "").strip().lower(): (value or "").strip() for name, value in row.items() if isinstance(value, str)
        }
        given: dict[str, Any] = {name: known[name] for name in _TEXTS if known.get(name)}
        place = {name: known[name] for name in ("latitude", "longitude", "address") if known.get(name)}
        yield reader.line_num, {**given, **({"location": place} if place else {})}


HANDLERS = (add_page, add_station, import_page, import_stations)
