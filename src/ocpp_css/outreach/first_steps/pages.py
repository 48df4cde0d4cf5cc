"""The page of the first steps; each step is done on it, and shows at once what came of it."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency

from ocpp_css.charging import stations, tokens, transactions
from ocpp_css.charging.stations import MemoryDirectory, StationAddress
from ocpp_css.charging.transactions import Transaction
from ocpp_css.edge import Page, Principal, Rate, gettext, is_fragment, needs, page, posted, redirect
from ocpp_css.edge.qr import qr
from ocpp_css.kit.errors import Refusal
from ocpp_css.kit.ids import public
from ocpp_css.outreach.first_steps.service import TestCharges, add_token
from ocpp_css.people import audit
from ocpp_css.storage import Database, Unit

PATH = "/console/first-steps"
_LONGEST_TOKEN = 36
Asked = Request[Any, Any, Any]


@get(PATH, opt=needs("stations:write"))
async def first_steps_page(
    unit: NamedDependency[Unit], station_address: NamedDependency[StationAddress], charges: NamedDependency[TestCharges]
) -> Page:
    return await _page(unit, station_address, charges)


@post(f"{PATH}/station", opt=needs("stations:write"), status_code=200)
async def add_station(  # noqa: PLR0917 - what a station is added with
    request: Asked,
    db: NamedDependency[Database],
    unit: NamedDependency[Unit],
    directory: NamedDependency[MemoryDirectory],
    station_address: NamedDependency[StationAddress],
    principal: NamedDependency[Principal],
    charges: NamedDependency[TestCharges],
) -> Page:
    identity, password = (await posted(request)).get("identity", ""), stations.new_password()
    own = db.unit(principal.tenant)
    try:
        audit.record(own, principal, "station.create", "station", identity)
        station = await stations.create(db, directory, own, {"identity": identity, "name": ""}, password)
    except Refusal as refusal:
        return await _page(unit, station_address, charges, refusal=("identity", refusal))
    return await _page(unit, station_address, charges, made=(station_address.url(station), identity, password))


@post(f"{PATH}/token", opt=needs("tokens:write"), status_code=200)
async def new_token(
    request: Asked,
    db: NamedDependency[Database],
    unit: NamedDependency[Unit],
    station_address: NamedDependency[StationAddress],
    charges: NamedDependency[TestCharges],
    principal: NamedDependency[Principal],
) -> Page | Response[Any]:
    text = (await posted(request)).get("id_token", "")[:_LONGEST_TOKEN]
    if text:
        own = db.unit(principal.tenant)
        try:
            await add_token(own, text)
            audit.record(own, principal, "token.create", "token", "")
            await own.commit()
        except Refusal as refusal:
            return await _page(unit, station_address, charges, refusal=("id_token", refusal))
    return await _page(unit, station_address, charges) if is_fragment(request) else redirect(request, PATH)


@post(f"{PATH}/charge", opt=needs("stations:write", rate=Rate(burst=10, per_s=600)), status_code=200)
async def test_charge(
    request: Asked,
    unit: NamedDependency[Unit],
    station_address: NamedDependency[StationAddress],
    principal: NamedDependency[Principal],
    charges: NamedDependency[TestCharges],
) -> Page | Response[Any]:
    await charges.begin(principal, station_address.of_account())
    return await _page(unit, station_address, charges) if is_fragment(request) else redirect(request, PATH)


async def _page(
    unit: Unit, address: StationAddress, charges: TestCharges, *, made: tuple[str, str, str] | None = None,
    refusal: tuple[str, Refusal] | None = None,
) -> Page:  # fmt: skip
    listed = await stations.listed(unit, 20)
    newest = await transactions.newest(unit, 1)
    errors = {refusal[0]: gettext(refusal[1].template, **refusal[1].values)} if refusal else {}
    return page(
        "first_steps/first_steps.html", status=refusal[1].status if refusal else 200, title=gettext("First steps"),
        address=address.of_account(), code=qr(address.of_account()), made=made, errors=errors,
        stations=[(station, presence) for station, presence, _ in listed], token=await tokens.any_accepted(unit),
        running=charges.runs(unit.tenant), charge=_charge(newest[0]) if newest else None,
    )  # fmt: skip


def _charge(transaction: Transaction) -> dict[str, Any]:
    return {
        "id": public(transaction.id), "is_open": transaction.is_open, "energy_wh": transaction.energy_wh(),
    }  # fmt: skip
