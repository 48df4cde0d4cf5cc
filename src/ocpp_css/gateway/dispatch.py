"""From a station's request to its answer: decode, acceptance, handler, one unit, commit, answer (RULES 2 and 3)."""

import asyncio
import time
import types
from collections import deque
from collections.abc import Coroutine, Generator
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
import structlog
from picows import WSCloseCode

from ocpp_css.gateway.context import Context
from ocpp_css.gateway.limits import Guesses
from ocpp_css.gateway.messages import masked
from ocpp_css.gateway.unreadable import Unreadable
from ocpp_css.kit import nul
from ocpp_css.kit.clock import EPOCH
from ocpp_css.kit.secrets import Secrets
from ocpp_css.observe.measures import OTHER, Traffic
from ocpp_css.observe.traces import Told, Traces
from ocpp_css.ocpp import frames, leniency
from ocpp_css.ocpp.errors import CallError, code_for
from ocpp_css.ocpp.faults import READ_ERRORS, Fault, FaultKind, classify
from ocpp_css.ocpp.messages import encode
from ocpp_css.ocpp.routing import Route
from ocpp_css.ocpp.session import Incoming
from ocpp_css.ocpp.versions import ALL_ACTIONS
from ocpp_css.storage import Database, Outcome, Unit
from ocpp_css.storage.pseudonyms import Pseudonyms

if TYPE_CHECKING:
    from ocpp_css.gateway.connection import Connection

_log = structlog.get_logger(__name__)

BOOT = "BootNotification"
HEARTBEAT = "Heartbeat"
"""Writes nothing as a rule, and is never held up by what is written."""
MOST_TRIES = 10
AT_ONCE = 50
"""Requests that are begun in one turn of the loop, of those that were held."""
_BACKSLASH = ord("\\")
"""Without one no text of a payload holds an escaped character."""
_COMMITTED = Outcome.COMMITTED
_QUIET = frozenset({"Heartbeat", "StatusNotification"})
"""What writes no row when it says nothing new (SPEED 3.4)."""


class Dispatcher:
    """Runs handlers and sees each answer out, after its commit."""

    def __init__(
        self, routes: dict[str, dict[str, Route[Context]]], db: Database, pseudonyms: Pseudonyms, secrets: Secrets
    ) -> None:
        self.routes = routes
        self.db = db
        self.pseudonyms = pseudonyms
        self.secrets = secrets
        self.unreadable = Unreadable(db, secrets)
        self.guesses = Guesses()
        self.tasks: set[asyncio.Task[None]] = set()
        self.in_work = 0
        self.received = Traffic(ALL_ACTIONS)
        self.traces: Traces | None = None
        self._second = EPOCH
        self._held: deque[tuple[Connection, Incoming]] = deque()
        db.on_room = self._begin_held

    def handle(self, connection: "Connection", request: Incoming) -> None:
        """Begin with a request; it ends in exactly one answer, or with the connection."""
        self.in_work += 1
        if (self._held or (self.db.is_crowded and self.db.is_full)) and request.action != HEARTBEAT:
            self._held.append((connection, request))
        else:
            Work(self, connection, request).begin()

    def second(self, now: datetime) -> datetime:
        """The second that `now` is in; thousands ask for the same one."""
        if not 0 <= (now - self._second).total_seconds() < 1:
            self._second = now.replace(microsecond=0)
        return self._second

    def _begin_held(self) -> None:
        """The writer has room: begin with what was held, in the order in which it came."""
        for _ in range(AT_ONCE):
            if not self._held or self.db.is_full:
                return
            Work(self, *self._held.popleft()).begin()
        asyncio.get_running_loop().call_soon(self._begin_held)


class Work(Context):
    """One request in work: the context of its handler, and the way of its answer."""

    __slots__ = ("begun", "frame", "route")

    route: Route[Context]

    def __init__(self, dispatcher: Dispatcher, connection: "Connection", request: Incoming) -> None:
        self.begun = time.perf_counter_ns()
        self.dispatcher = dispatcher
        self.connection = connection
        self.request = request
        self.station = connection.station
        self.tries = 1
        self.frame = b""
        self._unit = None
        self.begin_row("in", request.message_id, request.action, dispatcher.db.clock())

    # --- before the handler -------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Decode, check, run the handler: its first step is taken at once, without a task (SPEED 1)."""
        request = self.request
        route = self.connection.routes.get(request.action)
        if route is None or route.is_send is not request.is_send or not self.station.is_accepted:
            fault = self._objection(route)
        else:
            fault = None
        if fault is None and _BACKSLASH in request.payload:
            fault = self._with_nul()
        if fault is None:
            assert route is not None
            self.route = route
            try:
                coroutine: Any = route.handler(self, route.action.decode_request(request.payload))
            except READ_ERRORS as broken:
                self._repair(route, broken)
            else:
                self._step(coroutine)
        else:
            self._object(fault)

    def _object(self, fault: Fault) -> None:
        self._refuse(code_for(fault.kind, self.protocol.name), _describe(fault))

    def _objection(self, route: Route[Context] | None) -> Fault | None:
        """Why the request is not even read; None where it may be."""
        action = self.request.action
        if route is None:
            known = self.protocol.actions.get(action)
            kind = FaultKind.UNKNOWN_ACTION if known is None else FaultKind.NOT_SUPPORTED
            return Fault(kind, detail=f"{action[:50]} is not answered here")
        if route.is_send != self.request.is_send:
            return Fault(FaultKind.NOT_SUPPORTED, detail=f"{action} does not come in this type of message")
        if not (self.station.is_accepted or action == BOOT or action in self.connection.asked_for):
            return Fault(FaultKind.SECURITY, detail="The station is not accepted; send a BootNotification first")
        return None

    def _with_nul(self) -> Fault | None:
        """A text with the character NUL can be kept by one of the databases only, so it is by none (TRUST A24)."""
        if nul.ESCAPED not in self.request.payload:
            return None
        try:
            place = nul.place_of(msgspec.json.decode(self.request.payload))
        except READ_ERRORS as broken:
            return classify(broken)
        return None if place is None else Fault(FaultKind.BAD_PROPERTY, place, "holds the character NUL")

    def _repair(self, route: Route[Context], broken: Exception) -> None:
        """Read what a station is known to break the schema in, or refuse it."""
        quirks = self.station.quirks
        if not quirks:
            self._object(classify(broken))
            return
        try:
            message, violations = leniency.read_request(route.action, self.request.payload, quirks)
        except READ_ERRORS as still_broken:
            self._object(classify(still_broken))
            return
        self.notes = [{"path": found.path, "quirk": found.quirk.value, "detail": found.detail} for found in violations]
        self._step(route.handler(self, message))

    # --- the handler --------------------------------------------------------------------------------------------

    def _step(self, coroutine: Any) -> None:
        """The message is the handler's alone, so that thousands that wait for their commit do not hold theirs."""
        try:
            awaited = coroutine.send(None)
        except StopIteration as end:
            self._answer(end.value)
        except Exception as fault:  # noqa: BLE001 - every fault becomes a CALLERROR
            self._failed(fault)
        else:
            task = asyncio.get_running_loop().create_task(self._go_on(coroutine, awaited))
            self.dispatcher.tasks.add(task)
            task.add_done_callback(self.dispatcher.tasks.discard)

    async def _go_on(self, coroutine: Coroutine[Any, Any, Any], awaited: Any) -> None:
        try:
            response = await _resume(coroutine, awaited)
        except Exception as fault:  # noqa: BLE001 - every fault becomes a CALLERROR
            self._failed(fault)
        else:
            self._answer(response)

    def _failed(self, fault: Exception) -> None:
        if isinstance(fault, CallError):
            self._refuse(fault.code, fault.description, fault.details)
            return
        _log.error("handler failed", action=self.request.action, exc_info=fault)
        self.connection.memory.clear()
        self._refuse("InternalError", "The central system could not handle the message.")

    # --- after the handler --------------------------------------------------------------------------------------

    def _answer(self, response: Any) -> None:
        payload = b""
        if response is not None:
            payload = encode(response)
            self.frame = frames.result(self.message_id, payload)
        if (self.is_repeat or self.action in _QUIET) and self._says_nothing_new():
            self._release()
            return
        action, unit, db = self.route.action, self.unit, self.dispatcher.db
        self.payload = masked(self.request.payload, action.token_paths, unit, self.pseudonyms)
        self.answer = masked(payload, action.response_token_paths, unit, self.pseudonyms) if payload else None
        self.latency_us = (time.perf_counter_ns() - self.begun) // 1000
        self.record(unit, self.station.station_id)
        unit.done = self._committed
        db.submit(unit)
        if db.is_crowded and db.is_congested:
            self.connection.rest()

    def _says_nothing_new(self) -> bool:
        """Nothing is to be stored: a repetition, or one of the messages that write no row of their own."""
        if self._unit is not None and not self._unit.is_empty:
            return False
        return self.is_repeat or not (self.notes or self._is_logged())

    def _is_logged(self) -> bool:
        """Heartbeats are logged while someone watches, or by setting (RULES 3.5)."""
        return self.station.logs_heartbeats or self.dispatcher.db.bus.is_watched(self.connection.topic)

    def _refuse(self, code: str, description: str, details: dict[str, Any] | None = None) -> None:
        """A CALLERROR; what the handler recorded is dropped, the exchange itself is kept."""
        self.frame = frames.error(self.request.message_id, code, description, details)
        self.forget()
        unit = self.unit
        action = self.protocol.actions.get(self.request.action)
        paths = action.token_paths if action is not None else ()
        try:
            self.payload = masked(self.request.payload, paths, unit, self.pseudonyms)
        except READ_ERRORS:
            self.payload = "null"
        self.error = {"code": code, "description": description, "details": details or {}}
        self.action = self.action[:50]
        self.record(unit, self.station.station_id)
        if self.request.is_send:
            self.frame = b""
        unit.submit(self._refused)

    def _refused(self, unit: Unit) -> None:
        """An error is told whether or not it could be kept; a fenced connection says nothing more."""
        if unit.outcome is Outcome.FENCED:
            self._end("fenced")
            self.connection.close(WSCloseCode.SERVICE_RESTART, "a newer connection took over")
            return
        self._watchers()
        self._release("refused")

    def _committed(self, unit: Unit) -> None:
        if unit.outcome is _COMMITTED:
            if not unit.is_plain:
                self.pseudonyms.written(unit)
            self._watchers()
            self._release()
            return
        match unit.outcome:
            case Outcome.STALE | Outcome.DUPLICATE if self.tries < MOST_TRIES:
                self._again()
            case Outcome.UNFIT:
                kind = FaultKind.BAD_PROPERTY
                self._refuse(code_for(kind, self.protocol.name), "A value is outside of what can be stored.")
            case Outcome.FENCED:
                self._end("fenced")
                self.connection.close(WSCloseCode.SERVICE_RESTART, "a newer connection took over")
            case _:
                self._lost(unit)

    def _again(self) -> None:
        """Somebody was faster: forget, load anew and run the handler once more (RULES 3.2).

        Once is enough for a repetition; stations that start with one limited token at once take turns.
        """
        self.tries += 1
        self.connection.memory.clear()
        self.forget()
        self.begin()

    def _lost(self, unit: Unit) -> None:
        _log.error("commit failed", action=self.request.action, outcome=str(unit.outcome), exc_info=unit.fault)
        self.frame = frames.error(self.request.message_id, "InternalError", "The message could not be stored.")
        self._release("not stored")
        self.connection.close(WSCloseCode.SERVICE_RESTART, "state reloaded")

    def _watchers(self) -> None:
        bus, topic = self.dispatcher.db.bus, self.connection.topic
        if bus.is_watched(topic):
            bus.publish(topic, self.message())

    def _release(self, outcome: str = "answered") -> None:
        self._end(outcome)
        self.connection.answered(self.request, self.frame)

    def _end(self, outcome: str) -> None:
        dispatcher, station, took_ns = self.dispatcher, self.station, time.perf_counter_ns() - self.begun
        dispatcher.in_work -= 1
        dispatcher.received.note(station.tenant, self.request.action, outcome, took_ns)
        if dispatcher.traces is not None and dispatcher.traces.wants():
            action = self.request.action if self.request.action in ALL_ACTIONS else OTHER
            about = Told(station.tenant, station.identity, self.connection.protocol.name, action, outcome)
            dispatcher.traces.tell(about, took_ns, self.latency_us)


def _describe(fault: Fault) -> str:
    return fault.detail if fault.path == "$" else f"{fault.path}: {fault.detail}"


@types.coroutine
def _resume(coroutine: Coroutine[Any, Any, Any], awaited: Any) -> Generator[Any, Any, Any]:
    """Go on with a coroutine that was stepped once and waits for `awaited`."""
    while True:
        try:
            value = yield awaited
        except BaseException as fault:  # noqa: BLE001 - handed to the coroutine, whose business it is
            step = partial(coroutine.throw, fault)
        else:
            step = partial(coroutine.send, value)
        try:
            awaited = step()
        except StopIteration as end:
            return end.value
