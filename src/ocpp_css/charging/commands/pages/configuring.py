"""A station's configuration is read and written: keys of 1.6, variables of 2.x."""

import json
from typing import Any

from litestar import Request, Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from ocpp_css.charging import stations
from ocpp_css.charging.commands.pages.quick import sent
from ocpp_css.charging.commands.pages.sending import STATION
from ocpp_css.charging.commands.service import Commands, intents, variables
from ocpp_css.charging.commands.service.kinds import CONFIGURE, LOOK
from ocpp_css.charging.commands.service.shown import shown
from ocpp_css.charging.commands.service.words import told
from ocpp_css.edge import Principal, gettext, needs, posted
from ocpp_css.people import audit
from ocpp_css.storage import Unit

Asked = Request[Any, Any, Any]
_SET = variables.Batches("SetVariables", "setVariableData", "setVariableResult", "set_variables")


@post(f"{STATION}/configuration", opt=needs(CONFIGURE), status_code=200)
async def set_value(
    request: Asked,
    unit: NamedDependency[Unit],
    commands: NamedDependency[Commands],
    principal: NamedDependency[Principal],
    identity: FromPath[str],
) -> Response[str]:
    form = await posted(request)
    name, value = form.get("variable", ""), form.get("value", "")
    if form.get("component"):
        word = await _set_variable(unit, commands, principal, identity, form)
    else:
        payload = {"key": name, "value": value}
        command = await sent(unit, commands, principal, identity, lambda _: ("ChangeConfiguration", payload))
        if command.status != "answered":
            return _said(*told(await shown(unit, command)))
        word = str((command.response or {}).get("status", ""))
    return _said(*_outcome(name, word))


async def _set_variable(
    unit: Unit, commands: Commands, principal: Principal, identity: str, form: dict[str, str]
) -> str:
    """The station's word on one variable of the device model."""
    station = await stations.get(unit, identity)
    audit.record(unit, principal, "variables.set", "station", identity, after={"variable": form.get("variable", "")})
    answer = await variables.send(commands, unit, station, _SET, [entry_of(form)], by=principal)
    results = answer["setVariableResult"]
    return str(results[0].get("attributeStatus", "")) if results else ""


def entry_of(form: dict[str, str]) -> dict[str, Any]:
    """An entry of `setVariableData`."""
    component: dict[str, Any] = {"name": form["component"]}
    if form.get("component_instance"):
        component["instance"] = form["component_instance"]
    if (evse := int(form.get("evse_id") or 0)) > 0:
        connector = int(form.get("connector_id") or 0)
        component["evse"] = {"id": evse} | ({"connectorId": connector} if connector else {})
    variable = {"name": form.get("variable", "")}
    if form.get("variable_instance"):
        variable["instance"] = form["variable_instance"]
    entry: dict[str, Any] = {"component": component, "variable": variable, "attributeValue": form.get("value", "")}
    return entry | ({"attributeType": form["attribute"]} if form.get("attribute", "Actual") != "Actual" else {})


def _outcome(name: str, word: str) -> tuple[str, str]:
    match word:
        case "Accepted":
            return gettext("{name} is set.", name=name), "ok"
        case "RebootRequired":
            return gettext("{name} is set and counts after a restart of the station.", name=name), "ok"
        case _:
            return gettext("{name} was not set: the station answered {word}.", name=name, word=word), "warn"


@post(f"{STATION}/configuration/read", opt=needs(LOOK), status_code=200)
async def read_values(
    unit: NamedDependency[Unit],
    commands: NamedDependency[Commands],
    principal: NamedDependency[Principal],
    identity: FromPath[str],
) -> Response[str]:
    number = unit.new_id() % (1 << 31)
    command = await sent(
        unit, commands, principal, identity, lambda version: intents.read_everything(version, number)
    )  # fmt: skip
    if command.status == "answered" and command.action == "GetConfiguration":
        count = len((command.response or {}).get("configurationKey", ()))
        return _said(gettext("The station told {n} values.", n=count), "ok")
    if command.status == "answered" and (command.response or {}).get("status") == "Accepted":
        return _said(gettext("The station sends its values; they appear as they come."), "ok")
    return _said(*told(await shown(unit, command)))


def _said(text: str, kind: str) -> Response[str]:
    trigger = {"toast": {"kind": kind, "text": text, "undo": ""}, "configuration-changed": {}, "configuration-late": {}}
    return Response("", headers={"HX-Trigger": json.dumps(trigger), "HX-Reswap": "none"}, media_type="text/html")


HANDLERS = (set_value, read_values)
