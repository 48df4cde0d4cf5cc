"""The message log over REST and as a stream."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from litestar import Request, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import ServerSentEvent

from ocpp_css.bus import Bus, heard
from ocpp_css.charging import stations
from ocpp_css.charging.messages import service
from ocpp_css.charging.messages.model import Direction, LogMessage, MessageType
from ocpp_css.edge import LiveEvent, Principal, live, needs
from ocpp_css.kit.ids import parse_public
from ocpp_css.kit.paging import Page, page_request
from ocpp_css.people import audit
from ocpp_css.storage import Database, Unit


@get("/api/v1/stations/{identity:str}/messages", opt=needs("messages:read"))
async def list_messages(  # noqa: PLR0917 - the filters of the list
    unit: NamedDependency[Unit],
    principal: NamedDependency[Principal],
    identity: FromPath[str],
    limit: FromQuery[int | None] = None,
    cursor: FromQuery[str | None] = None,
    action: FromQuery[str | None] = None,
    direction: FromQuery[Direction | None] = None,
    message_type: FromQuery[MessageType | None] = None,
    errors: FromQuery[bool | None] = None,
    since: FromQuery[datetime | None] = None,
    until: FromQuery[datetime | None] = None,
    transaction_id: FromQuery[str | None] = None,
) -> Page[LogMessage]:
    """List a station's messages, the newest first; `since` and `until` are times of arrival."""
    station = await stations.get(unit, identity)
    await audit.record_read(unit, principal, "message.read", "station", identity)
    filters: dict[str, Any] = {
        "action": action, "direction": direction, "message_type": message_type, "errors": errors,
        "since": since, "until": until,
    }  # fmt: skip
    if transaction_id is not None:
        filters["transaction_id"] = parse_public(transaction_id) or 0
    return await service.page(unit, station.station_id, filters, page_request(limit, cursor, sorts=("-at",), ids=str))


@get("/api/v1/stations/{identity:str}/messages/live", opt=needs("messages:read"), media_type="text/event-stream")
async def watch_messages(
    request: Request[Any, Any, Any],
    db: NamedDependency[Database],
    bus: NamedDependency[Bus],
    unit: NamedDependency[Unit],
    principal: NamedDependency[Principal],
    identity: FromPath[str],
) -> ServerSentEvent:
    """Stream a station's messages as they come, heartbeats included."""
    station = await stations.get(unit, identity)
    await audit.record_read(unit, principal, "message.read", "station", identity)
    return live(request, _messages(db, bus, unit.tenant, station.station_id))


async def _messages(db: Database, bus: Bus, tenant: int, station_id: int) -> AsyncIterator[LiveEvent]:
    """What the bus tells; a watcher that is too slow loses the oldest, never the service its memory."""
    async with heard(bus, f"log.{tenant}.{station_id}") as waiting:
        while True:
            _, row = await waiting.get()
            for message in await service.live(db.unit(tenant), row):
                yield LiveEvent("message", message, message.id)


HANDLERS = (list_messages, watch_messages)
