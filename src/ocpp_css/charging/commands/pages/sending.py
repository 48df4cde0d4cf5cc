"""The command form of a station: any action of its version, its answer, what was sent before."""

import json
from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from ocpp_css.charging import stations
from ocpp_css.charging.commands import store
from ocpp_css.charging.commands.errors import PayloadRefused
from ocpp_css.charging.commands.service import Commands
from ocpp_css.charging.commands.service.kinds import ANY, PERMISSION_OF
from ocpp_css.charging.commands.service.shown import CommandShown, shown
from ocpp_css.charging.commands.service.words import STATUSES, told, verdict
from ocpp_css.edge import (
    Fragment,
    Page,
    Panel,
    PanelContext,
    Principal,
    gettext,
    lazy,
    needs,
    page,
    posted,
    read_json,
    toast,
)
from ocpp_css.kit.errors import Refusal
from ocpp_css.kit.ids import parse_public
from ocpp_css.kit.paging import page_of, page_request
from ocpp_css.ocpp import forms
from ocpp_css.ocpp.versions import BY_NAME, V16
from ocpp_css.people import audit
from ocpp_css.storage import Unit

Asked = Request[Any, Any, Any]
STATION = "/console/stations/{identity:str}"
LAST_USED = 5
HISTORY = 20


async def form(context: PanelContext) -> Fragment | None:
    """The actions that the station takes, and the form of the chosen one."""
    may = context.principal.may
    if not may(ANY):
        return None
    seen: stations.Seen = context.subject
    protocol = BY_NAME.get(seen.version, V16)
    taken = sorted(name for name, action in protocol.actions.items() if action.origin != "station")
    names = [name for name in taken if may(PERMISSION_OF[name])]
    last = [
        name for name in await store.last_actions(context.unit, seen.station.station_id, LAST_USED) if name in names
    ]
    chosen = context.request.query_params.get("action", "")
    chosen = chosen if chosen in names else ""
    filled: dict[str, Any] = {"schema": None, "example": None}
    if chosen:
        action = protocol.actions[chosen]
        example = await _again(context, chosen) or forms.example(action, context.unit.now)
        filled = {"schema": forms.form(action), "example": example}
    return Fragment(
        "commands/form.html",
        {
            "seen": seen,
            "version": protocol.name,
            "names": names,
            "last": [name for name in last if name in names],
            "chosen": chosen,
            **filled,
        },
    )


async def _again(context: PanelContext, action: str) -> dict[str, Any] | None:
    """The payload of an earlier command that is to be sent again."""
    number = parse_public(context.request.query_params.get("again", ""))
    command = None if number is None else await store.read(context.unit, number)
    if command is None or command.action != action:
        return None
    return (await shown(context.unit, command)).payload


async def history(context: PanelContext) -> Fragment:
    """What was sent to the station, the newest first."""
    seen: stations.Seen = context.subject
    asked = page_request(HISTORY, context.request.query_params.get("cursor"), sorts=("-created_at",))
    rows = await store.page(context.unit, seen.station.station_id, status=None, after=asked.after, limit=asked.limit)
    found = page_of(rows, asked, lambda row: (None, row.id))
    commands = [await shown(context.unit, store.to_command(row)) for row in found.items]
    return Fragment(
        "commands/history.html",
        {
            "seen": seen,
            "commands": [
                (one, STATUSES[one.status], verdict(one.response), context.principal.may(PERMISSION_OF[one.action]))
                for one in commands
            ],
            "next": found.next_cursor,
        },
    )


@post(f"{STATION}/commands", opt=needs(ANY), status_code=200)
async def send_command(
    request: Asked,
    unit: NamedDependency[Unit],
    commands: NamedDependency[Commands],
    principal: NamedDependency[Principal],
    identity: FromPath[str],
) -> Page:
    station = await stations.get(unit, identity)
    asked = await posted(request)
    action = asked.get("action", "")
    try:
        payload = read_json(asked.get("payload", "") or "{}")
        command = await commands.send(unit, station, action, payload, by=principal, queue=bool(asked.get("queue")))
    except Refusal as refusal:
        return _refused(refusal)
    return _answer(await shown(unit, command))


def _answer(command: CommandShown) -> Page:
    text, kind = told(command)
    headers = {"HX-Trigger": "commands-changed"}
    sign = {"error": "bad"}.get(kind, kind)
    return page("commands/answer.html", headers=headers, command=command, text=text, kind=sign, problem="")


def _refused(refusal: Refusal) -> Page:
    """Why it was not sent; the fault is also put beside its field."""
    problem = gettext(refusal.template, **refusal.values)
    headers = {}
    if isinstance(refusal, PayloadRefused):
        faults = [{"path": fault.path, "message": gettext(fault.message)} for fault in refusal.errors]
        headers["HX-Trigger"] = json.dumps({"schema-errors": {"errors": faults}})
    return page("commands/answer.html", headers=headers, command=None, text="", kind="bad", problem=problem)


@get("/console/commands/{command_id:str}", opt=needs("messages:read"))
async def one_command(
    unit: NamedDependency[Unit], commands: NamedDependency[Commands], command_id: FromPath[str]
) -> Page:
    found = await commands.get(unit, parse_public(command_id))
    names = await stations.identities(unit, [found.station_id])
    command = await shown(unit, found)
    text, kind = told(command)
    return page(
        "commands/command.html", title=command.action, command=command, text=text,
        kind={"error": "bad"}.get(kind, kind), problem="", station=names.get(found.station_id, ""),
        sign=STATUSES[command.status],
    )  # fmt: skip


@post("/console/commands/{command_id:str}/cancel", opt=needs(ANY), status_code=200)
async def cancel_command(
    unit: NamedDependency[Unit],
    commands: NamedDependency[Commands],
    principal: NamedDependency[Principal],
    command_id: FromPath[str],
) -> Response[str]:
    await commands.cancel(unit, parse_public(command_id), by=principal)
    audit.record(unit, principal, "command.cancel", "command", command_id)
    await unit.commit()
    headers = toast(gettext("The command was taken back."))
    trigger = headers["HX-Trigger"].removesuffix("}") + ', "commands-changed": {}}'
    return Response("", headers={"HX-Trigger": trigger, "HX-Reswap": "none"}, media_type="text/html")


PANELS = (
    Panel("station.commands", 10, form, needs="messages:read", width=2),
    Panel("station.commands", 20, history, lazy("Sent so far"), needs="messages:read", width=2),
)
HANDLERS = (send_command, one_command, cancel_command)
