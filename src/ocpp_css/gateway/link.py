"""Calls to a station from anywhere: a port, and its form over the bus (HOUSE 1, c)."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any, Literal, Protocol, runtime_checkable

import msgspec
from picows import WSCloseCode

from ocpp_css.bus import Bus, Message, NobodyAnswers
from ocpp_css.gateway.connection import Connection
from ocpp_css.gateway.links import Link, link_of
from ocpp_css.gateway.messages import Exchange, masked
from ocpp_css.gateway.redaction import redacted
from ocpp_css.kit.clock import to_micros
from ocpp_css.observe.measures import Traffic
from ocpp_css.ocpp import frames, leniency
from ocpp_css.ocpp.faults import READ_ERRORS, classify
from ocpp_css.ocpp.frames import Failure, Result
from ocpp_css.ocpp.messages import Action
from ocpp_css.ocpp.session import Outgoing
from ocpp_css.ocpp.versions import ALL_ACTIONS
from ocpp_css.storage import Database
from ocpp_css.storage.pseudonyms import Pseudonyms

GRACE_S = 5.0
MOVES = 10
MOVING_S = 0.1
"""A station whose connection is being replaced is asked for so often, at this distance."""

Find = Callable[[tuple[int, int]], Connection | None]
"""The connection of (tenant, station) that is the newest of this process."""

Status = Literal["answered", "error", "timeout", "offline", "invalid_response", "lost", "busy"]


class CallResult(msgspec.Struct, frozen=True, kw_only=True):
    """How a call ended. `lost`: the connection went while the call was out, so nobody knows whether it was done."""

    status: Status
    response: dict[str, Any] | None = None
    error_code: str | None = None
    error_description: str | None = None
    error_details: dict[str, Any] | None = None
    latency_us: int | None = None


@runtime_checkable
class StationLink(Protocol):
    """Sends one action to a station, wherever it is connected.

    `holds(tenant, station_id)` says whether this very process has the station's connection.
    """

    holds: Callable[[int, int], bool]

    async def call(
        self, tenant: int, station_id: int, action: str, payload: bytes, timeout_s: float, link: Link | None = None
    ) -> CallResult:
        """Send `payload` (JSON that fits the schema) and wait for the end of it; never raises for the station.

        `link` is where the station was a moment ago, if the caller knows.
        """
        ...

    async def disconnect(self, tenant: int, station_id: int, reason: str) -> None:
        """Close the station's connection, if it has one."""
        ...


class BusLink:
    """`StationLink` over the bus: the process that holds the connection is asked, by the number in the station's row.

    The fence goes with the request, so that only the newest connection takes it, however many sockets are open.
    """

    def __init__(self, bus: Bus, db: Database) -> None:
        self._bus = bus
        self._db = db
        self.holds: Callable[[int, int], bool] = _holds_nothing

    async def call(
        self, tenant: int, station_id: int, action: str, payload: bytes, timeout_s: float, link: Link | None = None
    ) -> CallResult:
        request: Message = {"action": action, "payload": payload.decode(), "timeout_s": timeout_s}
        try:
            answer = await self._ask(tenant, station_id, request, timeout_s * 2 + GRACE_S, link)
        except NobodyAnswers:
            return CallResult(status="offline")
        except TimeoutError:
            return CallResult(status="timeout")
        return msgspec.convert(answer, CallResult)

    async def disconnect(self, tenant: int, station_id: int, reason: str) -> None:
        with contextlib.suppress(NobodyAnswers, TimeoutError):
            await self._ask(tenant, station_id, {"disconnect": reason}, GRACE_S)

    async def _ask(
        self, tenant: int, station_id: int, request: Message, timeout_s: float, link: Link | None = None
    ) -> Message:
        """Ask where the station is; where it moves at this moment, ask again. NobodyAnswers: it took nothing."""
        for turn in range(MOVES):
            if turn or link is None or not link.is_online:
                link = await link_of(self._db.unit(tenant), station_id)
            if not link.is_online:
                break
            topic = f"call.{link.node}.{tenant}.{station_id}"
            told = {"tenant": tenant, "station": station_id, "fence": link.fence, **request}
            answer = await self._bus.request(topic, told, timeout_s)
            if not answer.get("is_gone"):
                return answer
            await asyncio.sleep(MOVING_S)
        raise NobodyAnswers(station_id)


def _holds_nothing(_tenant: int, _station_id: int) -> bool:
    return False


class LinkServer:
    """Answers the calls for the stations connected to this process, and logs them."""

    def __init__(self, bus: Bus, db: Database, pseudonyms: Pseudonyms, find: Find) -> None:
        self._db = db
        self._pseudonyms = pseudonyms
        self.sent = Traffic(ALL_ACTIONS)
        self._find = find
        self.stop = bus.serve(f"call.{db.node}.*", self._answer)

    async def _answer(self, message: Message) -> Message:
        connection = self._find((message["tenant"], message["station"]))
        if connection is None or connection.fence != message["fence"]:
            return {"is_gone": True}
        if "disconnect" in message:
            connection.close(WSCloseCode.POLICY_VIOLATION, message["disconnect"])
            return {}
        result: Message = msgspec.to_builtins(await self._call(connection, message))
        return result

    async def _call(self, connection: Connection, message: Message) -> CallResult:
        action = connection.protocol.actions.get(message["action"])
        if action is None or connection.is_closing or connection.is_gone:
            return CallResult(status="offline")
        pending = _Pending()
        payload = message["payload"].encode()
        outgoing = Outgoing(action.name, payload, message["timeout_s"], owner=pending, is_send=action.is_send)
        connection.asked_for |= _asks_for(action.name, payload)
        began = self._db.clock()
        try:
            connection.call(outgoing)
        except OverflowError:
            return CallResult(status="busy")
        if action.is_send:
            return CallResult(status="answered")
        try:
            ended = await pending.ended
        except asyncio.CancelledError:
            connection.session.withdraw(outgoing)
            raise
        taken_us = to_micros(self._db.clock()) - to_micros(began)
        result, answer = _judge(connection, action, outgoing, ended, taken_us)
        self.sent.note(connection.station.tenant, action.name, result.status, taken_us * 1_000)
        self._log(connection, action, Exchange("out", outgoing.message_id, action.name, began), payload, result, answer)
        return result

    def _log(
        self,
        connection: Connection,
        action: Action[Any, Any],
        exchange: Exchange,
        payload: bytes,
        result: CallResult,
        answer: bytes,
    ) -> None:
        """Kept soon; who sent the command does not wait for it, and keeps its end too."""
        station = connection.station
        unit = self._db.unit(station.tenant)
        payload, answer = redacted(action.name, payload), redacted(action.name, answer)
        exchange.payload = masked(payload, action.token_paths, unit, self._pseudonyms)
        exchange.latency_us = result.latency_us
        if result.status == "answered":
            exchange.answer = masked(answer, action.response_token_paths, unit, self._pseudonyms)
        else:
            exchange.error = {
                "code": result.error_code or result.status,
                "description": result.error_description or "",
                "details": result.error_details or {},
            }
        exchange.record(unit, station.station_id)
        unit.tell(f"log.{station.tenant}.{station.station_id}", exchange.message())
        unit.is_patient = True
        unit.submit(lambda _unit: None)


class _Pending:
    """The owner of an outgoing call: one end, whichever comes first."""

    __slots__ = ("ended",)

    def __init__(self) -> None:
        self.ended: asyncio.Future[Result | Failure | Literal["timeout", "lost"]] = (
            asyncio.get_running_loop().create_future()
        )

    def answered(self, answer: Result | Failure) -> None:
        self._end(answer)

    def timed_out(self) -> None:
        self._end("timeout")

    def lost(self) -> None:
        self._end("lost")

    def _end(self, end: Result | Failure | Literal["timeout", "lost"]) -> None:
        if not self.ended.done():
            self.ended.set_result(end)


def _judge(
    connection: Connection,
    action: Action[Any, Any],
    outgoing: Outgoing,
    ended: Result | Failure | Literal["timeout", "lost"],
    taken_us: int,
) -> tuple[CallResult, bytes]:
    """The result of a call and the station's answer as JSON; an answer that breaks the schema is told as such."""
    if isinstance(ended, str):
        return CallResult(status=ended, latency_us=taken_us), b""
    if isinstance(ended, Failure):
        failure = CallResult(
            status="error", error_code=ended.code, error_description=ended.description,
            error_details=ended.details, latency_us=taken_us,
        )  # fmt: skip
        return failure, b""
    raw = bytes(ended.payload)
    try:
        leniency.read_response(action, ended.payload, connection.station.quirks)
    except READ_ERRORS as broken:
        fault = classify(broken)
        detail = f"{fault.path}: {fault.detail}"
        if connection.protocol.has_send:
            connection.send(frames.result_error(outgoing.message_id, "FormatViolation", detail))
        invalid = CallResult(
            status="invalid_response", error_code=fault.kind.value, error_description=detail,
            error_details={"response": raw.decode(errors="replace")[:4000]}, latency_us=taken_us,
        )  # fmt: skip
        return invalid, b""
    return CallResult(status="answered", response=msgspec.json.decode(raw), latency_us=taken_us), raw


def _asks_for(action: str, payload: bytes) -> frozenset[str]:
    """What a station that is not accepted may send because of this call (2.x B02.FR.09; RULES 2.1)."""
    if action in {"GetBaseReport", "GetReport"}:
        return frozenset({"NotifyReport"})
    if action == "TriggerMessage":
        asked = str(msgspec.json.decode(payload).get("requestedMessage", ""))
        return frozenset({"SignCertificate" if asked.startswith("Sign") else asked})
    return frozenset()
