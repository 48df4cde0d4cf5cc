"""The feed as a stream of server-sent events."""

from collections.abc import AsyncIterator
from typing import Any

from litestar import Request, get
from litestar.di import NamedDependency
from litestar.response import ServerSentEvent

from ocpp_css.bus import Bus, Message, heard
from ocpp_css.charging import transactions
from ocpp_css.edge import LiveEvent, LiveFeed, Principal, last_event_id, live, needs, principal_of
from ocpp_css.kit.clock import rfc3339
from ocpp_css.kit.ids import parse_public, public
from ocpp_css.outreach.feed import store
from ocpp_css.people import accounts
from ocpp_css.storage import Database, Unit

MOST_MISSED = 1_000
READING = "transaction.reading"
NOTICE = "notice"
"""A notice to the person who listens, or that they have read some."""
EVENTS = (
    "station.connected", "station.disconnected", "station.booted", "station.registered", "connector.changed",
    "transaction.started", "transaction.changed", "transaction.stopped", READING, "command.finished",
    "security.event", "security.connection", "security.tokens_tried", "review.opened", "maintenance.progress",
    "token.changed", NOTICE,
)  # fmt: skip
"""The names of all events of the stream."""
CHANGED = "transaction.changed"
NEWEST = 8
OWN_EVENTS = ("transaction.started", CHANGED, "transaction.stopped", READING, NOTICE)
"""The names of all events of a person's own stream."""
LIVE, OWN_LIVE = "/api/v1/events/live", "/api/v1/me/events/live"
FEEDS = (LiveFeed(LIVE, EVENTS, "events:read", is_kept=True), LiveFeed(OWN_LIVE, OWN_EVENTS))
"""What pages listen to: who may not follow the account hears of what is their own."""


@get(LIVE, opt=needs("events:read"), media_type="text/event-stream")
async def watch_events(
    request: Request[Any, Any, Any],
    db: NamedDependency[Database],
    bus: NamedDependency[Bus],
    unit: NamedDependency[Unit],
) -> ServerSentEvent:
    """Stream what happens in the account; `Last-Event-ID` brings what was missed."""
    principal = principal_of(request)
    person = principal.person
    return live(request, _events(db, bus, (unit.tenant, person), parse_public(last_event_id(request) or "")))


async def _events(db: Database, bus: Bus, who: tuple[int, int], after: int | None) -> AsyncIterator[LiveEvent]:
    tenant, person = who
    topics = [f"facts.{tenant}", f"readings.{tenant}", *([f"notices.{person}"] if person else [])]
    async with heard(bus, *topics) as waiting:
        if after is not None:
            for row in await store.since(db.unit(tenant), after, MOST_MISSED):
                yield _event({"id": row.id, "at": rfc3339(row.at), "kind": row.kind, "body": row.body})
        while True:
            topic, message = await waiting.get()
            if topic.startswith("readings."):
                yield LiveEvent(READING, {name: value for name, value in message.items() if name != "station_id"})
            elif topic.startswith("notices."):
                yield LiveEvent(NOTICE, message)
            elif after is None or message["id"] > after:
                yield _event(message)


@get(OWN_LIVE, opt=needs(""), media_type="text/event-stream")
async def watch_own(
    request: Request[Any, Any, Any],
    bus: NamedDependency[Bus],
    unit: NamedDependency[Unit],
    principal: NamedDependency[Principal],
) -> ServerSentEvent:
    """Stream what happens to the caller's own transactions, and notices to them; it begins with the newest ones."""
    return live(request, _own_events(bus, unit, accounts.person_in(principal)))


async def _own_events(bus: Bus, unit: Unit, person: int) -> AsyncIterator[LiveEvent]:
    """The newest are told at the start, so that what happened before one listened is not missed."""
    own = f"charging.{unit.tenant}.{person}"
    async with heard(bus, own, f"notices.{person}") as waiting:
        for transaction in await transactions.newest(unit, NEWEST, person):
            yield LiveEvent(CHANGED, {"transaction_id": public(transaction.id)})
        while True:
            topic, message = await waiting.get()
            if topic == own:
                yield LiveEvent(str(message["kind"]), {"transaction_id": message["transaction_id"]})
            else:
                yield LiveEvent(NOTICE, message)


def _event(fact: Message) -> LiveEvent:
    body = {name: value for name, value in fact["body"].items() if name != "station_id"}
    return LiveEvent(fact["kind"], {"at": fact["at"], "kind": fact["kind"], **body}, public(fact["id"]))
