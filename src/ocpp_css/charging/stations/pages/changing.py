"""A station's settings, its password, its end."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from msgspec import UNSET

from ocpp_css.charging.stations.model import Station
from ocpp_css.charging.stations.pages.listing import PATH
from ocpp_css.charging.stations.pages.station import STATION, shown
from ocpp_css.charging.stations.service import registration
from ocpp_css.charging.stations.service.directory import MemoryDirectory
from ocpp_css.charging.stations.service.lookup import seen as seen_of
from ocpp_css.charging.stations.service.registration import get as the_station
from ocpp_css.charging.stations.service.shapes import StationChange, columns, settings_of
from ocpp_css.edge import (
    SEEN,
    Page,
    PanelContext,
    Panels,
    Principal,
    gettext,
    must_match,
    needs,
    posted,
    posted_list,
    redirect,
    shaped,
    toast,
)
from ocpp_css.gateway.link import StationLink
from ocpp_css.kit.errors import Refusal
from ocpp_css.people import audit
from ocpp_css.storage import Database, Unit

Asked = Request[Any, Any, Any]
_NUMBERS = ("heartbeat_interval_s", "max_message_bytes")
_LIMITS = ("get_variables", "set_variables", "get_report")
_PLACE = ("latitude", "longitude", "address")


@get(f"{STATION}/settings", opt=needs("stations:write"))
async def settings_page(
    request: Asked, unit: NamedDependency[Unit], panels: NamedDependency[Panels], identity: FromPath[str]
) -> Page:
    seen = await seen_of(unit, await the_station(unit, identity))
    return await shown(PanelContext(request, unit, seen), panels, "settings")


@post(f"{STATION}/settings", opt=needs("stations:write"), status_code=200)
async def change_station(
    request: Asked,
    unit: NamedDependency[Unit],
    panels: NamedDependency[Panels],
    principal: NamedDependency[Principal],
    identity: FromPath[str],
) -> Response[Any] | Page:
    before = await the_station(unit, identity)
    form = await posted(request)
    lists = {name: await posted_list(request, name) for name in ("leniency", "ocpp_versions")}
    try:
        must_match(form.get(SEEN), settings_of(before))
        change(unit, principal, before, shaped(StationChange, given_of(form, lists)))
    except Refusal as refusal:
        request.state["refused_settings"] = ({**form, **lists}, refusal)
        seen = await seen_of(unit, before)
        return await shown(PanelContext(request, unit, seen), panels, "settings", status=refusal.status)
    return redirect(request, f"{PATH}/{identity}/settings")


def given_of(form: dict[str, str], lists: dict[str, list[str]]) -> dict[str, Any]:
    """What the form says, in the words of the interface; empty fields mean nothing, or none where that is a value."""
    given: dict[str, Any] = {name: form[name] for name in _NUMBERS if form.get(name)}
    given |= {name: form.get(name) or None for name in ("name", "site_id")}
    given |= lists
    given["registration_status"] = form.get("registration_status", "Accepted")
    given["log_heartbeats"] = bool(form.get("log_heartbeats"))
    given["location"] = {name: form.get(name) or None for name in _PLACE}
    given["limits"] = {name: form[name] for name in _LIMITS if form.get(name)}
    return given


def change(unit: Unit, principal: Principal, before: Station, data: StationChange) -> None:
    """Change what differs, with its trace in the audit log."""
    given = {name: getattr(data, name) for name in data.__struct_fields__ if getattr(data, name) is not UNSET}
    changes = columns(given)
    changes["quirks"] = [quirk.value for quirk in changes["quirks"]]
    changes = {name: value for name, value in changes.items() if getattr(before, name) != value}
    after = registration.change(unit, before, changes)
    if changes:
        told = [{name: getattr(one, name) for name in changes} for one in (before, after)]
        audit.record(unit, principal, "station.change", "station", before.identity, *told)


@post(f"{STATION}/registration/{{status:str}}", opt=needs("stations:write"), status_code=200)
async def set_registration(
    request: Asked,
    unit: NamedDependency[Unit],
    principal: NamedDependency[Principal],
    identity: FromPath[str],
    status: FromPath[str],
) -> Response[Any]:
    before = await the_station(unit, identity)
    data = shaped(StationChange, {"registration_status": status})
    after = registration.change(unit, before, {"registration_status": data.registration_status})
    audit.record(
        unit, principal, "station.change", "station", identity,
        {"registration_status": before.registration_status}, {"registration_status": after.registration_status},
    )  # fmt: skip
    return redirect(request, f"{PATH}/{identity}")


@post(f"{STATION}/password", opt=needs("stations:write"), status_code=200)
async def set_password(
    request: Asked,
    unit: NamedDependency[Unit],
    directory: NamedDependency[MemoryDirectory],
    principal: NamedDependency[Principal],
    identity: FromPath[str],
) -> Response[str]:
    station = await the_station(unit, identity)
    password = (await posted(request)).get("password", "")
    registration.set_password(directory, unit, station, password, allow_weak=False)
    audit.record(unit, principal, "station.password", "station", identity)
    said = gettext("The new password counts from now on. Enter it into the station before it connects again.")
    return Response("", headers={**toast(said), "HX-Reswap": "none"}, media_type="text/html")


@post(f"{STATION}/password/remove", opt=needs("stations:write"), status_code=200)
async def remove_password(
    request: Asked, unit: NamedDependency[Unit], principal: NamedDependency[Principal], identity: FromPath[str]
) -> Response[Any]:
    station = await the_station(unit, identity)
    registration.change(
        unit, station, {"passwords": [], "next_passwords": None, "is_weak": False, "security_profile": 0}
    )
    audit.record(unit, principal, "station.password_removed", "station", identity)
    return redirect(request, f"{PATH}/{identity}/security")


@post(f"{STATION}/profile", opt=needs("stations:write"), status_code=200)
async def set_profile(
    request: Asked, unit: NamedDependency[Unit], principal: NamedDependency[Principal], identity: FromPath[str]
) -> Response[Any]:
    before = await the_station(unit, identity)
    data = shaped(StationChange, {"security_profile": (await posted(request)).get("security_profile", "")})
    after = registration.change(unit, before, {"security_profile": data.security_profile})
    told = [{"security_profile": one.security_profile} for one in (before, after)]
    audit.record(unit, principal, "station.change", "station", identity, *told)
    return redirect(request, f"{PATH}/{identity}/security")


@post(f"{STATION}/remove", opt=needs("stations:write"), status_code=200)
async def remove_station(
    request: Asked,
    db: NamedDependency[Database],
    unit: NamedDependency[Unit],
    link: NamedDependency[StationLink],
    principal: NamedDependency[Principal],
    identity: FromPath[str],
) -> Response[Any]:
    station = await the_station(unit, identity)
    audit.record(unit, principal, "station.remove", "station", identity)
    await registration.remove(db, unit, station)
    await link.disconnect(unit.tenant, station.station_id, "the station was removed")
    return redirect(request, PATH)


HANDLERS = (
    settings_page, change_station, set_registration, set_password, remove_password, set_profile, remove_station,
)  # fmt: skip
