"""What happened last, as lines on the overview."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import quote

from ocpp_css.edge import Fragment, Panel, PanelContext, energy, gettext, lazy
from ocpp_css.outreach.feed import store

SHOWN = 14
READ = 40
Body = Mapping[str, Any]


class Line(NamedTuple):
    """One fact in words: colour, icon, who, what, and where it leads."""

    kind: str
    icon: str
    subject: str
    text: str
    href: str
    at: datetime


class _Shape(NamedTuple):
    kind: str
    icon: str
    text: Callable[[Body], str]


_STATES = {
    "Available": lazy("free"),
    "Preparing": lazy("preparing"),
    "Charging": lazy("charging"),
    "SuspendedEV": lazy("paused by the vehicle"),
    "SuspendedEVSE": lazy("paused by the station"),
    "Finishing": lazy("finishing"),
    "Occupied": lazy("occupied"),
    "Reserved": lazy("reserved"),
    "Unavailable": lazy("out of service"),
    "Faulted": lazy("faulted"),
}
_ENDS = {
    "answered": lazy("answered"),
    "timeout": lazy("no answer"),
    "offline": lazy("not sent, the station was offline"),
    "lost": lazy("connection lost before the answer"),
    "error": lazy("the station reported an error"),
}


def _place(body: Body) -> str:
    return f"EVSE {body['evse_id']}" if body.get("evse_id") else gettext("the station")


def _worded(text: str) -> str:
    return gettext(text)


_SHAPES: Mapping[str, _Shape] = {
    "station.connected": _Shape(
        "ok", "wifi", lambda b: gettext("connected, OCPP {version}", version=b["ocpp_version"])
    ),
    "station.disconnected": _Shape("", "wifi-off", lambda _: gettext("went offline")),
    "station.booted": _Shape("info", "power", lambda b: gettext("started: {status}", status=_worded(b["status"]))),
    "station.registered": _Shape("", "charging-pile", lambda b: _registered(b["change"])),
    "connector.changed": _Shape(
        "",
        "plug",
        lambda b: gettext("{place} is now {status}", place=_place(b), status=_STATES.get(b["status"], b["status"])),
    ),
    "transaction.started": _Shape("info", "bolt", lambda b: gettext("charging began at {place}", place=_place(b))),
    "transaction.stopped": _Shape(
        "ok", "check", lambda b: gettext("charging ended: {energy}", energy=energy(b["energy_wh"]))
    ),
    "command.finished": _Shape("", "send", lambda b: f"{b['action']}: {_ENDS.get(b['status'], b['status'])}"),
    "security.event": _Shape("warn", "shield-lock", lambda b: gettext("security event {type}", type=b["type"])),
    "security.connection": _Shape(
        "warn", "shield-lock", lambda b: gettext("connection refused: {reason}", reason=b["reason"])
    ),
    "security.tokens_tried": _Shape(
        "warn", "shield-lock", lambda _: gettext("somebody tries id tokens there, one after the other")
    ),
    "review.opened": _Shape("warn", "alert-triangle", lambda _: gettext("something is doubtful")),
    "maintenance.progress": _Shape("info", "tools", lambda b: f"{b['what']}: {b['status']}"),
}


def _state(status: str) -> str:
    return str(_STATES.get(status, status))


def _registered(change: str) -> str:
    match change:
        case "created":
            return gettext("was added")
        case "removed":
            return gettext("was removed")
        case _:
            return gettext("was changed")


async def feed(context: PanelContext) -> Fragment:
    """The newest facts, the newest first."""
    rows = await store.newest(context.unit, READ)
    lines = [line for row in rows if (line := line_of(row)) is not None]
    return Fragment("feed/lines.html", {"lines": lines[:SHOWN]})


def line_of(row: Any) -> Line | None:
    """A fact in words; None for what says nothing to people."""
    shape, body = _SHAPES.get(row.kind), row.body
    if shape is None or not body.get("identity"):
        return None
    kind, icon = shape.kind, shape.icon
    if row.kind == "connector.changed" and body["status"] == "Faulted":
        kind, icon = "bad", "alert-triangle"
    return Line(kind, icon, body["identity"], shape.text(body), href_of(row.kind, body), row.at)


def href_of(kind: str, body: Body) -> str:
    """Where a fact leads."""
    if body.get("transaction_id"):
        return f"/console/transactions/{body['transaction_id']}"
    if body.get("review_id"):
        return f"/console/review/{body['review_id']}"
    if body.get("command_id"):
        return f"/console/commands/{body['command_id']}"
    if kind == "station.registered" and body["change"] == "removed":
        return "/console/stations"
    return f"/console/stations/{quote(body['identity'], safe='')}"


PANELS = (Panel("overview", 30, feed, lazy("What happened last"), needs="events:read"),)
