"""One station's WebSocket: frames in, frames out, the session between; no task and no queue of its own (SPEED 3.1)."""

import time
import zlib
from typing import TYPE_CHECKING, Any

from multidict import CIMultiDict
from picows import WSCloseCode, WSFrame, WSListener, WSMsgType, WSTransport

from ocpp_css.gateway import compression
from ocpp_css.gateway.directory import NO_CREDENTIAL, StationEntry
from ocpp_css.ocpp.frames import Malformed
from ocpp_css.ocpp.session import Answered, Dropped, Incoming, Outgoing, Reply, Session
from ocpp_css.ocpp.versions import Protocol

if TYPE_CHECKING:
    from ocpp_css.gateway.hub import Hub

MAX_UNSENT_BYTES = 1 << 20
SMALLEST_FRAGMENT = 16
"""What a fragment counts for at least, so that empty ones come to an end too."""
_TEXT = WSMsgType.TEXT
_CONTINUATION = WSMsgType.CONTINUATION
_GOODBYE_S = 2.0
_READ: CIMultiDict[str] = CIMultiDict()
"""Stands for the headers of all handshakes that are over, which would be an eighth of a connection's memory."""


class Connection(WSListener):
    """A live authenticated connection. `memory` holds the station's state; `fence` is 0 until it is claimed.

    `credential` is what it came in with; `is_encrypted` is true behind a proxy that ends TLS, too, `is_secure` is not.
    `inherited` is the fence of the connection that this one replaced; `is_gone` says that the socket is no more,
    `has_lost` that another process claimed the station at the same moment, `outrun` is the newest fence that another
    one told of before this connection was claimed.
    """

    __slots__ = (
        "_fragments", "_held", "_is_deflated", "_paused", "_size", "address", "asked_for", "close_code",
        "connected_at", "credential", "fence", "has_lost", "hub", "inherited", "is_closing", "is_encrypted", "is_gone",
        "is_secure", "last_heard", "memory", "outrun", "protocol", "routes", "session", "station", "topic", "transport",
    )  # fmt: skip

    def __init__(self, hub: "Hub", station: StationEntry, protocol: Protocol, *, is_deflated: bool) -> None:
        self.hub = hub
        self.station = station
        self.topic = f"log.{station.tenant}.{station.station_id}"
        self.protocol = protocol
        self.routes = hub.dispatcher.routes[protocol.name]
        self.session = Session(protocol, hub.new_prefix())
        self.memory: dict[str, Any] = {}
        self.fence = 0
        self.inherited = 0
        self.outrun = 0
        self.has_lost = False
        self.asked_for: frozenset[str] = frozenset()
        self.address = ""
        self.credential = NO_CREDENTIAL
        self.is_encrypted = False
        self.is_secure = False
        self.is_closing = False
        self.is_gone = False
        self.close_code = 0
        self.last_heard = self.connected_at = time.monotonic()
        self.transport: WSTransport | None = None
        self._is_deflated = is_deflated
        self._fragments: list[bytes] | None = None
        self._size = 0
        self._held: Incoming | None = None
        self._paused = False

    # --- the socket ---------------------------------------------------------------------------------------------

    def on_ws_connected(self, transport: WSTransport) -> None:
        """The handshake went out."""
        self.transport = transport
        self.is_secure = transport.is_secure
        transport.request.headers = transport.response.headers = _READ
        transport.underlying_transport.set_write_buffer_limits(high=MAX_UNSENT_BYTES)
        self.hub.connected(self)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """One frame; whole messages go on to the session."""
        self.last_heard = time.monotonic()
        kind = frame.msg_type
        if kind == _TEXT and frame.fin and not frame.rsv1 and self._fragments is None:
            if frame.payload_size > self.station.max_message_bytes:
                self._too_large(frame.payload_size)
            else:
                self._take(frame.get_payload_as_bytes())
        elif kind in {_TEXT, _CONTINUATION}:
            self._fragment(frame)
        elif kind == WSMsgType.CLOSE:
            code = frame.get_close_code()
            transport.send_close(WSCloseCode.OK if code == WSCloseCode.NO_INFO else code, b"")
            transport.disconnect()
        elif kind == WSMsgType.BINARY:
            self.close(WSCloseCode.UNSUPPORTED_DATA, "OCPP is text")

    def on_ws_disconnected(self, transport: WSTransport) -> None:  # noqa: ARG002
        """The socket is gone; what was read of it is still handled (a stop before a hard reset is one of these)."""
        self.is_gone = True
        self.hub.disconnected(self)
        for call, _was_sent in self.session.close():
            call.owner.lost()

    def _fragment(self, frame: WSFrame) -> None:
        """Fragments are joined, their sum limited; the first tells whether all is compressed."""
        if self.is_closing:
            return
        if self._fragments is None:
            if frame.msg_type == _CONTINUATION:
                self.close(WSCloseCode.PROTOCOL_ERROR, "continuation of nothing")
                return
            if frame.rsv1 and not self._is_deflated:
                self.close(WSCloseCode.PROTOCOL_ERROR, "compression was not agreed")
                return
            self._fragments = [b"\x01" if frame.rsv1 else b"\x00"]
            self._size = 0
        elif frame.msg_type == _TEXT or frame.rsv1:
            self.close(WSCloseCode.PROTOCOL_ERROR, "a message begins inside another")
            return
        self._size += max(frame.payload_size, SMALLEST_FRAGMENT)
        if self._size > self.station.max_message_bytes:
            self._too_large(self._size)
            return
        self._fragments.append(frame.get_payload_as_bytes())
        if frame.fin:
            self._join()
        elif len(self._fragments) > 1024:
            self._fragments[1:] = [b"".join(self._fragments[1:])]

    def _join(self) -> None:
        assert self._fragments is not None
        mark, *parts = self._fragments
        self._fragments = None
        data = b"".join(parts)
        if mark == b"\x01":
            try:
                data = compression.inflate(data, self.station.max_message_bytes)
            except compression.TooLarge:
                self._too_large(self.station.max_message_bytes + 1)
                return
            except zlib.error:
                self.close(WSCloseCode.INVALID_TEXT, "not deflated data")
                return
        self._take(data)

    def _too_large(self, size: int) -> None:
        """Told once: what is still read of a connection that is being closed counts no more."""
        if self.is_closing:
            return
        self.hub.refused_size(self, size)
        self.close(WSCloseCode.MESSAGE_TOO_BIG, "message too large")

    # --- requests of the station --------------------------------------------------------------------------------

    def _take(self, data: bytes) -> None:
        if self.is_closing or self.hub.is_draining:
            return
        received = self.session.receive(data)
        if type(received) is Incoming:
            if self.fence and not received.is_reused_id:
                self.hub.dispatcher.handle(self, received)
            else:
                self._begin(received)
        elif received is None:
            self.rest()
        elif type(received) is Answered:
            received.call.owner.answered(received.answer)
            self.release_calls()
        elif type(received) is Reply:
            self.send(received.data)
            self.hub.count(self, received.fault.kind.value if received.fault else "retransmission")
            self._keep_unreadable(data, received.fault, is_answered=True)
        else:
            assert isinstance(received, Dropped)
            self.hub.count(self, received.reason)
            self._keep_unreadable(data, received.fault, is_answered=False)
            if received.reason == "flood":
                self.close(WSCloseCode.POLICY_VIOLATION, "too many requests at once")

    def _keep_unreadable(self, data: bytes, fault: Malformed | None, *, is_answered: bool) -> None:
        if fault is not None:
            self.hub.dispatcher.unreadable.note(self, data, fault, is_answered=is_answered)

    def _begin(self, request: Incoming) -> None:
        if request.is_reused_id:
            self.hub.count(self, "reused_message_id")
        if self.fence:
            self.hub.dispatcher.handle(self, request)
        else:
            self._held = request

    def enrolled(self, station: StationEntry) -> None:
        """An unknown station is kept now."""
        self.station = station
        self.topic = f"log.{station.tenant}.{station.station_id}"

    @property
    def is_wanted(self) -> bool:
        """Whether there is something to do for it: it lives, or went and left a request behind."""
        return not self.is_closing and (not self.is_gone or self._held is not None)

    def claimed(self, fence: int) -> None:
        """The fencing number is stored and the state loaded: the request that came meanwhile is handled."""
        self.fence = fence
        held, self._held = self._held, None
        if held is not None and not self.is_closing:
            self.hub.dispatcher.handle(self, held)

    def answered(self, request: Incoming, frame: bytes) -> None:
        """The request in work is done: send its answer, begin the next."""
        others_wait = self.session.finish(request, frame)
        if self.is_closing:
            return
        if frame:
            self.hub.outbox.add(self, frame)
        if others_wait and (following := self.session.next_request()) is not None:
            self._begin(following)
        if self._paused and not self.session.wants_rest and not self.hub.dispatcher.db.is_congested:
            self.resume()

    def rest(self) -> None:
        """Read no further: one request is in work, one waits, or the writer is far behind."""
        if not self._paused and self.transport is not None and not self.is_gone:
            self._paused = True
            self.transport.underlying_transport.pause_reading()
            self.hub.resting.add(self)

    def resume(self) -> None:
        """Read again."""
        if self._paused and self.transport is not None and not self.is_closing and not self.is_gone:
            self._paused = False
            self.hub.resting.discard(self)
            self.transport.underlying_transport.resume_reading()
            if self.is_secure:
                self.hub.loop.call_soon(self._read_on)

    def _read_on(self) -> None:
        """Aiofastnet looks at the socket only after a pause: what it has taken from there is read here."""
        if self._paused or self.is_closing or self.is_gone or self.transport is None:
            return
        transport: Any = self.transport.underlying_transport
        try:
            transport._do_read()  # noqa: SLF001 - nothing public does it in aiofastnet 1.2
        except Exception:  # noqa: BLE001 - whatever it is, this stream cannot be read any more
            transport.abort()

    # --- calls to the station -----------------------------------------------------------------------------------

    def call(self, outgoing: Outgoing) -> None:
        """Queue a call; its owner hears of the end. OverflowError when too many wait."""
        data = self.session.submit(outgoing, time.monotonic())
        if data is not None:
            self._called(data)

    def release_calls(self) -> None:
        """Send the next waiting call, if none is open."""
        data = self.session.release(time.monotonic())
        if data is not None:
            self._called(data)

    def _called(self, data: bytes) -> None:
        self.hub.watch_deadline(self)
        self.send(data)

    def expire_calls(self, now: float) -> None:
        """Tell the owner of a call whose time is over."""
        late = self.session.expire(now)
        if late is not None:
            late.owner.timed_out()
            self.release_calls()

    # --- out ----------------------------------------------------------------------------------------------------

    def send(self, data: bytes) -> None:
        """Send one text message at the end of the loop's turn."""
        self.hub.outbox.add(self, data)

    def write(self, data: bytes) -> None:
        """Send one text message now; a peer that does not read is cut (SPEED 3.5)."""
        transport = self.transport
        if transport is None or self.is_closing or self.is_gone:
            return
        if self._is_deflated and (packed := compression.deflate(data)) is not None:
            transport.send(_TEXT, packed, rsv1=True)
        else:
            transport.send(_TEXT, data)

    def pause_writing(self) -> None:
        """More than `MAX_UNSENT_BYTES` wait for a peer that does not read: it is cut."""
        self.hub.count(self, "slow_reader")
        self.cut()

    def cut(self) -> None:
        """End the socket without a farewell."""
        if self.transport is not None:
            self.transport.disconnect(graceful=False)

    def ping(self) -> None:
        """A WebSocket ping; the pong counts as heard."""
        if self.transport is not None and not self.is_closing and not self.is_gone:
            self.transport.send_ping(b"")

    def close(self, code: WSCloseCode, reason: str) -> None:
        """Close frame, then the socket; nothing is taken or sent any more."""
        if self.is_closing or self.is_gone or self.transport is None:
            self.is_closing = True
            return
        self.hub.outbox.flush()
        self.is_closing = True
        self.close_code = code.value
        transport = self.transport
        transport.send_close(code, reason.encode())
        self.hub.resting.discard(self)
        transport.disconnect()
        self.hub.loop.call_later(_GOODBYE_S, _cut, transport)


def _cut(transport: WSTransport) -> None:
    if not transport.is_disconnected:
        transport.disconnect(graceful=False)
