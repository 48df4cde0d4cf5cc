"""A new password for a station, sent to it: ChangeConfiguration in 1.6, SetVariables in 2.x (A01)."""

import msgspec

from ocpp_css.charging import stations
from ocpp_css.charging.commands.errors import StationAway
from ocpp_css.charging.commands.model import Command
from ocpp_css.charging.commands.service.intents import Sent
from ocpp_css.charging.commands.service.kinds import PERMISSION_OF
from ocpp_css.charging.commands.service.sending import Commands
from ocpp_css.edge.principal import Principal
from ocpp_css.gateway.links import link_of
from ocpp_css.kit.ids import public
from ocpp_css.storage import Database, Unit

_UNKNOWN_ERRORS = {"InternalError", "GenericError"}
"""Errors after which the station may have the password all the same; the others say that it did not look at it."""


class Rotated(msgspec.Struct, frozen=True, kw_only=True):
    """`status` is rotated (only the new password counts), refused (the old one stays) or pending (both count until the
    station comes in with the new one); `station_status` is the station's own word.
    """

    status: str
    command_id: str
    command_status: str
    station_status: str | None


def change(version: str, password: str) -> Sent:
    """The command that gives a station its password."""
    if version == "1.6":
        return "ChangeConfiguration", {"key": "AuthorizationKey", "value": password}
    wanted = {
        "attributeValue": password,
        "component": {"name": "SecurityCtrlr"},
        "variable": {"name": "BasicAuthPassword"},
    }
    return "SetVariables", {"setVariableData": [wanted]}


async def rotate(
    db: Database,
    directory: stations.MemoryDirectory,
    commands: Commands,
    unit: Unit,
    station: stations.Station,
    *,
    by: Principal,
) -> Rotated:
    """Give the station a new random password that nobody sees; StationAway where it is not connected, and
    PermissionMissing for one who may not configure it, before anything is changed.

    `unit` is committed with the new password pending before it leaves; what is recorded in it goes with that.
    """
    if not (await link_of(unit, station.station_id)).is_online:
        raise StationAway
    version = await commands.version_of(unit, station)
    password = stations.new_password(version)
    action, payload = change(version, password)
    by.demand(PERMISSION_OF[action])
    hashes = stations.begin_rotation(directory, unit, station, password)
    await unit.commit()
    command = await commands.send(unit, station, action, payload, by=by)
    word = word_of(command)
    outcome = outcome_of(command, word)
    await stations.settle_rotation(db, unit.tenant, station.station_id, hashes, outcome)
    return Rotated(
        status=outcome.value, command_id=public(command.id), command_status=command.status, station_status=word
    )


def word_of(command: Command) -> str | None:
    """What the station said of it."""
    response = command.response or {}
    results = response.get("setVariableResult")
    word: str | None = results[0].get("attributeStatus") if results else response.get("status")
    return word


def outcome_of(command: Command, word: str | None) -> stations.Outcome:
    """Accepted: only the new one (A01.FR.04). Refused, or never sent: only the old one. Else nobody knows."""
    if command.status == "answered":
        if word == "Accepted":
            return stations.Outcome.ROTATED
        return stations.Outcome.PENDING if word in {"RebootRequired", None} else stations.Outcome.REFUSED
    is_refused = command.status == "error" and command.error_code not in _UNKNOWN_ERRORS
    return stations.Outcome.REFUSED if is_refused or command.status in {"offline", "busy"} else stations.Outcome.PENDING
