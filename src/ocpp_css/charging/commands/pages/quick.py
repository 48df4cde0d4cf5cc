"""What one does most with a station, each with one press: start, restart, unlock, in and out of service."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

from litestar import Request, Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from ocpp_css.charging import stations
from ocpp_css.charging.commands.model import Command
from ocpp_css.charging.commands.pages.sending import STATION
from ocpp_css.charging.commands.service import Commands, intents
from ocpp_css.charging.commands.service.kinds import ANY, CHARGE, RESTART
from ocpp_css.charging.commands.service.shown import shown
from ocpp_css.charging.commands.service.words import told, verdict
from ocpp_css.edge import Fragment, Panel, PanelContext, Principal, gettext, needs, ngettext, posted, posted_list
from ocpp_css.kit.errors import Fault, Invalid, Refusal
from ocpp_css.model.station import Connector
from ocpp_css.storage import Database, Unit

Asked = Request[Any, Any, Any]
LIST = "/console/stations"
AT_ONCE = 20
PATIENCE_S = 15


async def actions(context: PanelContext) -> Fragment:
    """The buttons in the head of a station's page, and the dialogs behind them."""
    seen: stations.Seen = context.subject
    placed = [one for one in seen.connectors if one.evse_id > 0]
    evses = [(str(number), f"EVSE {number}") for number in sorted({one.evse_id for one in placed})]
    connectors = [(f"{one.evse_id}.{one.connector_id}", named(one)) for one in placed] or [("1.1", "EVSE 1")]
    may = context.principal.may
    filled = {"seen": seen, "evses": evses, "connectors": connectors}
    return Fragment("commands/actions.html", {**filled, "may_charge": may(CHARGE), "may_restart": may(RESTART)})


def named(connector: Connector) -> str:
    """A connector as one reads it."""
    place = f"EVSE {connector.evse_id}"
    return place if connector.connector_id == 1 else f"{place}, {gettext('connector')} {connector.connector_id}"


async def send(
    request: Asked, unit: Unit, commands: Commands, identity: str, made: Callable[[str], intents.Sent]
) -> Response[str]:
    """Send what `made` gives for the station's version; a short message tells the end, and the dialog closes."""
    principal: Principal = request.scope["user"]
    command = await sent(unit, commands, principal, identity, made)
    text, kind = told(await shown(unit, command))
    trigger = {"toast": {"kind": kind, "text": text, "undo": ""}, "close-dialog": {}, "commands-changed": {}}
    return Response("", headers={"HX-Trigger": json.dumps(trigger), "HX-Reswap": "none"}, media_type="text/html")


async def sent(
    unit: Unit, commands: Commands, principal: Principal, identity: str, made: Callable[[str], intents.Sent], **how: Any
) -> Command:
    """The command with its end."""
    station = await stations.get(unit, identity)
    action, payload = made(await commands.version_of(unit, station))
    return await commands.send(unit, station, action, payload, by=principal, **how)


@post(f"{STATION}/start", opt=needs(CHARGE), status_code=200)
async def start_charging(
    request: Asked, unit: NamedDependency[Unit], commands: NamedDependency[Commands], identity: FromPath[str]
) -> Response[str]:
    form = await posted(request)
    token = form.get("id_token", "")
    if not token:
        raise Invalid(
            "Name the id token that is to charge.", errors=[Fault("id_token", "Name the id token that is to charge.")]
        )
    place = int(form["evse_id"]) if form.get("evse_id", "").isdecimal() else None
    number = unit.new_id() % (1 << 31)
    return await send(
        request, unit, commands, identity,
        lambda version: intents.start(version, token, place=place, remote_start_id=number),
    )  # fmt: skip


@post(f"{STATION}/reset", opt=needs(RESTART), status_code=200)
async def reset(
    request: Asked, unit: NamedDependency[Unit], commands: NamedDependency[Commands], identity: FromPath[str]
) -> Response[str]:
    is_hard = (await posted(request)).get("kind") == "hard"
    return await send(request, unit, commands, identity, lambda version: intents.reset(version, is_hard=is_hard))


@post(f"{STATION}/availability", opt=needs(RESTART), status_code=200)
async def availability(
    request: Asked, unit: NamedDependency[Unit], commands: NamedDependency[Commands], identity: FromPath[str]
) -> Response[str]:
    is_on = (await posted(request)).get("status") == "available"
    return await send(
        request, unit, commands, identity, lambda version: intents.availability(version, is_available=is_on)
    )


@post(f"{STATION}/unlock", opt=needs(CHARGE), status_code=200)
async def unlock(
    request: Asked, unit: NamedDependency[Unit], commands: NamedDependency[Commands], identity: FromPath[str]
) -> Response[str]:
    evse, _, connector = (await posted(request)).get("connector", "1.1").partition(".")
    place = int(evse) if evse.isdecimal() else 1, int(connector) if connector.isdecimal() else 1
    return await send(request, unit, commands, identity, lambda version: intents.unlock(version, *place))


async def many(request: Asked, db: Database, commands: Commands, made: Callable[[str], intents.Sent]) -> Response[str]:
    """Send the same to all chosen stations, some at a time, and tell how many took it."""
    principal: Principal = request.scope["user"]
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(identity: str) -> bool:
        async with gate:
            unit = db.unit(principal.tenant)
            try:
                command = await sent(unit, commands, principal, identity, made, timeout_s=PATIENCE_S)
                await unit.commit()
            except Refusal:
                return False
            return command.status == "answered" and verdict(command.response) in {"", "Accepted", "Scheduled"}

    took = sum(await asyncio.gather(*(one(identity) for identity in dict.fromkeys(await posted_list(request, "id")))))
    left = len(set(await posted_list(request, "id"))) - took
    text = ngettext("{n} station accepted.", "{n} stations accepted.", took)
    if left:
        text += " " + ngettext("{n} did not: offline, or it refused.", "{n} did not: offline, or they refused.", left)
    trigger = {"toast": {"kind": "warn" if left else "ok", "text": text, "undo": ""}, "stations-changed": {}}
    return Response("", headers={"HX-Trigger": json.dumps(trigger), "HX-Reswap": "none"}, media_type="text/html")


@post(f"{LIST}/~reset", opt=needs(RESTART), status_code=200)
async def reset_many(
    request: Asked, db: NamedDependency[Database], commands: NamedDependency[Commands]
) -> Response[str]:
    return await many(request, db, commands, lambda version: intents.reset(version, is_hard=False))


@post(f"{LIST}/~available", opt=needs(RESTART), status_code=200)
async def into_service(
    request: Asked, db: NamedDependency[Database], commands: NamedDependency[Commands]
) -> Response[str]:
    return await many(request, db, commands, lambda version: intents.availability(version, is_available=True))


@post(f"{LIST}/~unavailable", opt=needs(RESTART), status_code=200)
async def out_of_service(
    request: Asked, db: NamedDependency[Database], commands: NamedDependency[Commands]
) -> Response[str]:
    return await many(request, db, commands, lambda version: intents.availability(version, is_available=False))


PANELS = (Panel("station.actions", 10, actions, needs=ANY),)
HANDLERS = (start_charging, reset, availability, unlock, reset_many, into_service, out_of_service)
