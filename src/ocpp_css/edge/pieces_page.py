"""Every shared piece in every state, on one page; only while developing."""

import asyncio
import math
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from litestar import Request, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.response import Response, ServerSentEvent

from ocpp_css.edge.live import LiveEvent, last_event_id, live
from ocpp_css.edge.permissions import public
from ocpp_css.edge.rendering import Page, page, toast
from ocpp_css.edge.tables import BulkAction, Column, Empty, Filter, Table, TableQuery
from ocpp_css.kit.errors import Conflict, Fault
from ocpp_css.kit.paging import Page as Rows
from ocpp_css.kit.paging import page_of

PATH = "/console/_pieces"
_FILTERS = [Filter("status", "Status", [("available", "Available"), ("charging", "Charging"), ("faulted", "Faulted")])]
_STATES = [("Available", "ok", "plug"), ("Charging", "info", "bolt"), ("Faulted", "bad", "alert-triangle"),
           ("Offline", "", "plug-off"), ("Reserved", "warn", "clock")]  # fmt: skip
_EMPTY = Empty(
    "No stations yet", "Add the first one, then point it at the address shown.", "charging-pile", "Add a station", "#"
)
_COLUMNS = [
    Column("name", "Station", sort="id"),
    Column("state", "State"),
    Column("power", "Power", is_numeric=True),
    Column("vendor", "Vendor", is_hidden=True),
    Column("seen", "Last seen"),
]
SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "additionalProperties": False,
    "required": ["evseId", "chargingProfile"],
    "properties": {
        "customData": {"$ref": "#/$defs/CustomData"},
        "evseId": {"type": "integer", "minimum": 0, "description": "0 stands for the whole station."},
        "chargingProfile": {"$ref": "#/$defs/Profile"},
        "note": {"type": "string", "maxLength": 500},
        "persistent": {"type": "boolean"},
    },
    "$defs": {
        "CustomData": {
            "type": "object",
            "properties": {"vendorId": {"type": "string", "maxLength": 255}},
            "required": ["vendorId"],
        },
        "Purpose": {"type": "string", "enum": ["ChargingStationMaxProfile", "TxDefaultProfile", "TxProfile"]},
        "Period": {
            "type": "object",
            "required": ["startPeriod", "limit"],
            "properties": {
                "startPeriod": {"type": "integer"},
                "limit": {"type": "number", "multipleOf": 0.1},
                "numberPhases": {"type": "integer", "minimum": 0, "maximum": 3},
            },
        },
        "Profile": {
            "type": "object",
            "required": ["id", "stackLevel", "chargingProfilePurpose", "chargingSchedulePeriod"],
            "properties": {
                "id": {"type": "integer"},
                "stackLevel": {"type": "integer", "minimum": 0},
                "chargingProfilePurpose": {"$ref": "#/$defs/Purpose"},
                "validFrom": {"type": "string", "format": "date-time"},
                "transactionId": {"type": "string", "maxLength": 36},
                "chargingSchedulePeriod": {
                    "type": "array",
                    "items": {"$ref": "#/$defs/Period"},
                    "minItems": 1,
                    "maxItems": 24,
                },
            },
        },
    },
}
EXAMPLE: dict[str, Any] = {
    "evseId": 1,
    "chargingProfile": {
        "id": 42,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "validFrom": "2026-01-01T06:00:00Z",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16.5}, {"startPeriod": 3600, "limit": 8.1}],
    },
}


@dataclass(frozen=True, slots=True)
class _Row:
    id: int
    name: str
    state: tuple[str, str, str]
    power: int
    vendor: str
    seen: datetime


def _rows(query: TableQuery, now: datetime) -> Rows[_Row]:
    order = -1 if query.paging.is_descending else 1
    rows = [
        _Row(n, f"CS-{n:03}", _STATES[n % 5], (n % 5 == 1) * 7400, "Acme", now - timedelta(minutes=n * n * 7))
        for n in range(1, 24)
        if query.search.lower() in f"cs-{n:03}" and query.chosen.get("status", "") in {"", _STATES[n % 5][0].lower()}
    ]
    rows.sort(key=lambda row: row.id * order)
    after = query.paging.after
    left = [row for row in rows if after is None or row.id * order > int(after.id) * order]
    return page_of(left[: query.paging.limit + 1], query.paging, lambda row: (row.id, row.id))


@get(PATH, opt=public())
async def pieces(request: Request[Any, Any, Any]) -> Page:
    """The page itself."""
    now = datetime.now(UTC)
    query = TableQuery.of(request, sorts=("id",), filters=_FILTERS)
    query = replace(query, paging=replace(query.paging, limit=8))
    stations = Table(
        id="stations", label="Stations", columns=_COLUMNS, query=query, page=_rows(query, now), empty=_EMPTY,
        filters=_FILTERS, export=f"{PATH}/chart.json",
        bulk=[
            BulkAction("Restart", f"{PATH}/toast?kind=ok", "refresh"),
            BulkAction("Remove", f"{PATH}/toast", "trash", "This removes the selected stations.", is_dangerous=True),
        ],
    )  # fmt: skip
    nothing = Table(
        id="nothing", label="Nothing", columns=_COLUMNS, query=query, page=Rows([]), empty=_EMPTY, has_search=False
    )
    return page(
        "edge/pieces_page.html",
        title="Pieces",
        now=now,
        stations=stations,
        nothing=nothing,
        schema=SCHEMA,
        example=EXAMPLE,
        faults=[Fault("$.chargingProfile.stackLevel", "Another profile has this level.")],
        path=PATH,
    )


@get(f"{PATH}/chart.json", opt=public())
async def figures() -> dict[str, Any]:
    """A day of power and state of charge."""
    start = 1_767_225_600
    steps = range(0, 86_400, 300)
    power = [round(max(0.0, 7.4 * math.sin(step / 13_000)), 2) for step in steps]
    charge = [round(min(100.0, 20 + step / 700), 1) for step in steps]
    return {
        "x": [start + step for step in steps],
        "series": [
            {"label": "Power", "unit": "kW", "values": power},
            {"label": "State of charge", "unit": "%", "values": charge},
        ],
    }


@get(f"{PATH}/live", opt=public())
async def messages(request: Request[Any, Any, Any]) -> ServerSentEvent:
    """Messages of an invented station."""
    return live(request, _invented(int(last_event_id(request) or 0), int(request.query_params.get("every_ms", "900"))))


async def _invented(after: int, every_ms: int) -> AsyncIterator[LiveEvent]:
    said = [("in", "MeterValues"), ("out", "SetChargingProfile"), ("in", "StatusNotification"), ("in", "Heartbeat")]
    for n in count(after + 1):
        direction, action = said[n % 4]
        entry = {
            "at": datetime.now(UTC),
            "direction": direction,
            "action": action,
            "message_id": f"m{n}",
            "payload": {"connectorId": 1, "n": n, "meterValue": [{"value": n * 3}]},
            "error": {"code": "InternalError"} if n % 11 == 0 else None,
            "latency_ms": n * 7 % 90,
        }
        yield LiveEvent("message", entry, str(n))
        await asyncio.sleep(every_ms / 1000)


@post(f"{PATH}/toast", opt=public(), status_code=200)
async def say(request: Request[Any, Any, Any]) -> Response[str]:
    """A short message of a kind."""
    kind = request.query_params.get("kind", "ok")
    if kind == "error":
        raise Conflict("Somebody else changed this at the same moment. Look again and repeat your change.")
    words = {"ok": "The station restarts.", "info": "Waiting for the station.", "warn": "Two stations did not answer."}
    headers = {**toast(words.get(kind, ""), kind=kind, undo=f"{PATH}/toast?kind=info"), "HX-Reswap": "none"}
    return Response("", headers=headers, media_type="text/html")


def pieces_handlers() -> list[HTTPRouteHandler]:
    """The routes of this module."""
    return [pieces, figures, messages, say]
