"""Commands over REST."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta

from ocpp_css.charging import stations
from ocpp_css.charging.commands.model import CommandStatus
from ocpp_css.charging.commands.service import LONGEST_TIMEOUT_S, Commands, intents, rotation, variables
from ocpp_css.charging.commands.service.kinds import ANY, CHARGE, CONFIGURE, LOOK, PERMISSION_OF
from ocpp_css.charging.commands.service.shown import CommandShown, shown
from ocpp_css.charging.commands.store import page as read_page
from ocpp_css.charging.commands.store import to_command
from ocpp_css.edge import IfMatch, Principal, must_match, needs
from ocpp_css.kit.ids import parse_public
from ocpp_css.kit.paging import Page, page_of, page_request
from ocpp_css.ocpp import forms
from ocpp_css.people import audit
from ocpp_css.storage import Database, Unit

Timeout = Annotated[float, Meta(ge=1, le=LONGEST_TIMEOUT_S)]


class CommandGiven(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An action to send; `queue` keeps it for a station that is offline, until `expires_at` (one day by default)."""

    action: Annotated[str, Meta(min_length=1, max_length=50)]
    payload: dict[str, Any] = {}
    timeout_s: Timeout = 30
    queue: bool = False
    expires_at: datetime | None = None


@post("/api/v1/stations/{identity:str}/commands", opt=needs(ANY), status_code=200)
async def send_command(
    unit: NamedDependency[Unit],
    commands: NamedDependency[Commands],
    principal: NamedDependency[Principal],
    identity: FromPath[str],
    data: JSONBody[CommandGiven],
) -> CommandShown:
    """Send an action and wait for its end: answered, error, timeout, offline; a station's Rejected is an answer."""
    station = await stations.get(unit, identity)
    command = await commands.send(
        unit,
        station,
        data.action,
        data.payload,
        by=principal,
        timeout_s=data.timeout_s,
        queue=data.queue,
        expires_at=data.expires_at,
    )
    return await shown(unit, command)


@get("/api/v1/stations/{identity:str}/commands", opt=needs("messages:read"))
async def list_commands(
    unit: NamedDependency[Unit],
    identity: FromPath[str],
    limit: FromQuery[int | None] = None,
    cursor: FromQuery[str | None] = None,
    status: FromQuery[CommandStatus | None] = None,
) -> Page[CommandShown]:
    """List a station's commands, the newest first."""
    asked = page_request(limit, cursor, sorts=("-created_at",))
    station = await stations.get(unit, identity)
    rows = await read_page(unit, station.station_id, status=status, after=asked.after, limit=asked.limit)
    page = page_of(rows, asked, lambda row: (None, row.id))
    return Page([await shown(unit, to_command(row)) for row in page.items], page.next_cursor)


@get(
    ["/api/v1/commands/{command_id:str}", "/api/v1/stations/{identity:str}/commands/{command_id:str}"],
    opt=needs("messages:read"),
)
async def read_command(
    unit: NamedDependency[Unit], commands: NamedDependency[Commands], command_id: FromPath[str]
) -> CommandShown:
    """Show one command."""
    return await shown(unit, await commands.get(unit, parse_public(command_id)))


@delete("/api/v1/commands/{command_id:str}", opt=needs(ANY), status_code=200)
async def cancel_command(
    unit: NamedDependency[Unit],
    commands: NamedDependency[Commands],
    principal: NamedDependency[Principal],
    command_id: FromPath[str],
    if_match: IfMatch = None,
) -> CommandShown:
    """Take back a command that waits for its station."""
    number = parse_public(command_id)
    command = await commands.cancel(unit, number, by=principal)
    must_match(if_match, await shown(unit, await commands.get(unit, number)))
    audit.record(unit, principal, "command.cancel", "command", command_id)
    return await shown(unit, command)


@get("/api/v1/stations/{identity:str}/actions", opt=needs("messages:read"))
async def list_actions(
    unit: NamedDependency[Unit], commands: NamedDependency[Commands], identity: FromPath[str]
) -> Page[dict[str, Any]]:
    """List the actions that the station's version takes, each with the schema of its payload, an example, and the
    permission to send it.
    """
    station = await stations.get(unit, identity)
    return Page(
        [
            {
                "action": action.name,
                "permission": PERMISSION_OF[action.name],
                "schema": forms.form(action),
                "example": forms.example(action, unit.now),
            }
            for action in await commands.actions_of(unit, station)
        ]
    )


class StartGiven(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who charges, and where."""

    id_token: Annotated[str, Meta(min_length=1, max_length=255)]
    evse_id: Annotated[int, Meta(ge=1)] | None = None
    connector_id: Annotated[int, Meta(ge=1)] | None = None
    type: str = "Central"
    timeout_s: Timeout = 30


@post("/api/v1/stations/{identity:str}/start", opt=needs(CHARGE), status_code=200)
async def start_charging(
    unit: NamedDependency[Unit],
    commands: NamedDependency[Commands],
    principal: NamedDependency[Principal],
    identity: FromPath[str],
    data: JSONBody[StartGiven],
) -> CommandShown:
    """Ask the station to start: RemoteStartTransaction or RequestStartTransaction, as its version says."""
    station = await stations.get(unit, identity)
    version = await commands.version_of(unit, station)
    place = data.connector_id if version == "1.6" and data.evse_id is None else data.evse_id
    action, payload = intents.start(
        version, data.id_token, place=place, remote_start_id=unit.new_id() % (1 << 31), kind=data.type
    )
    command = await commands.send(unit, station, action, payload, by=principal, timeout_s=data.timeout_s)
    return await shown(unit, command)


class VariablesGiven(msgspec.Struct, frozen=True, kw_only=True):
    """What to read: entries as in `getVariableData`."""

    get_variable_data: Annotated[list[dict[str, Any]], Meta(min_length=1, max_length=5_000)] = msgspec.field(
        name="getVariableData"
    )


class VariablesSet(msgspec.Struct, frozen=True, kw_only=True):
    """What to write: entries as in `setVariableData`."""

    set_variable_data: Annotated[list[dict[str, Any]], Meta(min_length=1, max_length=5_000)] = msgspec.field(
        name="setVariableData"
    )


@post("/api/v1/stations/{identity:str}/variables/get", opt=needs(LOOK), status_code=200)
async def get_variables(
    unit: NamedDependency[Unit],
    commands: NamedDependency[Commands],
    principal: NamedDependency[Principal],
    identity: FromPath[str],
    data: JSONBody[VariablesGiven],
) -> dict[str, Any]:
    """Read variables of a 2.x station, in batches within its limits; the results together, in the order asked."""
    station = await stations.get(unit, identity)
    batches = variables.Batches("GetVariables", "getVariableData", "getVariableResult", "get_variables")
    return await variables.send(commands, unit, station, batches, data.get_variable_data, by=principal)


@post("/api/v1/stations/{identity:str}/variables/set", opt=needs(CONFIGURE), status_code=200)
async def set_variables(
    unit: NamedDependency[Unit],
    commands: NamedDependency[Commands],
    principal: NamedDependency[Principal],
    identity: FromPath[str],
    data: JSONBody[VariablesSet],
) -> dict[str, Any]:
    """Write variables of a 2.x station, in batches within its limits; the results together, in the order asked."""
    station = await stations.get(unit, identity)
    batches = variables.Batches("SetVariables", "setVariableData", "setVariableResult", "set_variables")
    return await variables.send(commands, unit, station, batches, data.set_variable_data, by=principal)


@post("/api/v1/stations/{identity:str}/password/rotate", opt=needs("stations:write"), status_code=200)
async def rotate_password(
    db: NamedDependency[Database],
    unit: NamedDependency[Unit],
    directory: NamedDependency[stations.MemoryDirectory],
    commands: NamedDependency[Commands],
    principal: NamedDependency[Principal],
    identity: FromPath[str],
) -> rotation.Rotated:
    """Send the station a new random password that nobody sees; the old one counts until the station has it."""
    station = await stations.get(unit, identity)
    audit.record(unit, principal, "station.password_rotate", "station", identity)
    return await rotation.rotate(db, directory, commands, unit, station, by=principal)


HANDLERS = (
    send_command, list_commands, read_command, cancel_command, list_actions, start_charging, get_variables,
    set_variables, rotate_password,
)  # fmt: skip
