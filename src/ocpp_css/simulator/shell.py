"""The socket of an emulated station: picows below, the core above, nothing decided here."""

import asyncio
import base64
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import quote

from picows import WSCloseCode, WSError, WSFrame, WSHandshakeError, WSListener, WSMsgType, WSTransport, ws_connect

from ocpp_css.simulator.effects import Dial, HangUp, Ping, Send
from ocpp_css.simulator.station import Station

HANDSHAKE_S: Final = 20.0
_TEXT = WSMsgType.TEXT
_CONTINUATION = WSMsgType.CONTINUATION
_CLOSE = WSMsgType.CLOSE
_ABNORMAL = 1006


class Refused(Exception):  # noqa: N818 -- the house calls them refusals
    """The central system refused the connection: `status` is the HTTP status, 101 where no subprotocol fits."""

    def __init__(self, identity: str, status: int) -> None:
        text = "it speaks another version" if status == 101 else f"HTTP {status}"
        super().__init__(f"The central system refused {identity}: {text}.")
        self.identity = identity
        self.status = status


class Endpoint:
    """Where the stations connect: `{identity}` in the URL is replaced, else the identity is appended."""

    __slots__ = ("_url", "ssl_context")

    def __init__(self, url: str, ssl_context: ssl.SSLContext | None = None) -> None:
        self._url = url
        self.ssl_context = ssl_context

    def of(self, identity: str) -> str:
        """The URL of one station."""
        name = quote(identity, safe="")
        if "{identity}" in self._url:
            return self._url.replace("{identity}", name)
        return f"{self._url.rstrip('/')}/{name}"


def tls(ca: Path | None = None, certificate: Path | None = None, key: Path | None = None) -> ssl.SSLContext | None:
    """A context that trusts `ca` instead of the system's authorities, and shows `certificate` (profile 3)."""
    if ca is None and certificate is None:
        return None
    context = ssl.create_default_context(cafile=None if ca is None else str(ca))
    if certificate is not None:
        context.load_cert_chain(certificate, key)
    return context


class Timing(Protocol):
    """What a client needs of its surroundings."""

    def now(self) -> float:
        """Seconds since 1970, never running backward."""

    def watch(self, client: "Client", due: float) -> None:
        """Call `client.wake()` at `due` or soon after."""

    def dial(self, client: "Client") -> None:
        """Let `client.connect()` run, now or in its turn."""

    def changed(self, client: "Client") -> None:
        """It connected or was disconnected."""

    def failed(self, client: "Client", error: Exception) -> None:
        """An error of ours."""


class Client:
    """One station and its socket."""

    __slots__ = ("_endpoint", "_timing", "_transport", "is_closing", "refusal", "slot", "station", "trouble")

    def __init__(self, station: Station, endpoint: Endpoint, timing: Timing) -> None:
        self.station = station
        self.refusal: Refused | None = None
        self.trouble = ""
        self.slot: int | None = None
        self.is_closing = False
        self._endpoint = endpoint
        self._timing = timing
        self._transport: WSTransport | None = None

    def do(self, action: Callable[[float], None]) -> None:
        """Let the core act at this moment, and carry out what it wants."""
        try:
            action(self._timing.now())
            self._perform()
        except Exception as error:  # noqa: BLE001 -- told to whoever runs the station
            self._abort()
            self._timing.failed(self, error)

    def wake(self) -> None:
        """A deadline has come."""
        self.do(self.station.tick)

    def _perform(self) -> None:
        for effect in self.station.take_effects():
            match effect:
                case Send(data=data):
                    self._send(data)
                case Dial():
                    self._timing.dial(self)
                case HangUp():
                    self._hang_up(effect)
                case Ping() if self._transport is not None:
                    self._transport.send_ping(b"")
        due = self.station.next_due
        if due is not None:
            self._timing.watch(self, due)

    def _send(self, data: bytes) -> None:
        if self._transport is not None and not self.is_closing:
            self._transport.send(_TEXT, data)

    def _hang_up(self, effect: HangUp) -> None:
        transport = self._transport
        if transport is None or self.is_closing:
            return
        self.is_closing = True
        if effect.is_abrupt:
            transport.disconnect(graceful=False)
        else:
            transport.send_close(WSCloseCode(effect.code), effect.reason.encode())
            transport.disconnect()

    def _abort(self) -> None:
        self.is_closing = True
        if self._transport is not None:
            self._transport.disconnect(graceful=False)

    # --- the socket ---------------------------------------------------------------------------------------------

    async def connect(self) -> None:
        """Try once to open the connection; the core hears how it went."""
        station = self.station
        headers = {"Sec-WebSocket-Protocol": station.machine.link.protocol.subprotocol}
        if station.password is not None:
            pair = station.options.identity.encode() + b":" + station.password
            headers["Authorization"] = "Basic " + base64.b64encode(pair).decode()
        try:
            await ws_connect(
                lambda: _Socket(self),
                self._endpoint.of(station.options.identity),
                ssl_context=self._endpoint.ssl_context,
                extra_headers=headers,
                websocket_handshake_timeout=HANDSHAKE_S,
                read_buffer_init_size=2048,
                max_redirects=0,
            )
        except WSHandshakeError as error:
            status = error.response.status if error.response is not None else 0
            self._not_connected(Refused(station.options.identity, int(status)), str(error))
        except (OSError, WSError, TimeoutError) as error:
            self._not_connected(None, str(error) or type(error).__name__)

    def _not_connected(self, refusal: Refused | None, trouble: str) -> None:
        self.refusal, self.trouble = refusal, trouble
        if refusal is not None:
            self.station.counts.refused += 1
        self.do(self.station.disconnected)
        self._timing.changed(self)

    def opened(self, transport: WSTransport) -> None:
        """The handshake is done; a central system that picked no subprotocol is of no use."""
        self._transport, self.is_closing = transport, False
        chosen = transport.response.headers.get("Sec-WebSocket-Protocol")
        if chosen != self.station.machine.link.protocol.subprotocol:
            self.refusal = Refused(self.station.options.identity, 101)
            self.station.counts.refused += 1
            self._abort()
            return
        self.refusal, self.trouble = None, ""
        self.do(self.station.connected)
        self._timing.changed(self)

    def received(self, data: bytes) -> None:
        """One whole message came."""
        if not self.is_closing:
            self.do(lambda now: self.station.receive(data, now))

    def closed(self) -> None:
        """The socket is gone."""
        self._transport = None
        self.do(self.station.disconnected)
        self._timing.changed(self)

    @property
    def is_open(self) -> bool:
        """There is a socket."""
        return self._transport is not None


class _Socket(WSListener):
    """One connection: joins fragments, passes messages on."""

    __slots__ = ("_client", "_parts")

    def __init__(self, client: Client) -> None:
        self._client = client
        self._parts: list[bytes] = []

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._client.opened(transport)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        kind = frame.msg_type
        if kind in {_TEXT, _CONTINUATION}:
            data = frame.get_payload_as_bytes()
            if frame.fin and not self._parts:
                self._client.received(data)
                return
            self._parts.append(data)
            if frame.fin:
                whole, self._parts = b"".join(self._parts), []
                self._client.received(whole)
        elif kind == _CLOSE:
            transport.send_close(frame.get_close_code(), b"")
            transport.disconnect()

    def on_ws_disconnected(self, transport: WSTransport) -> None:  # noqa: ARG002
        self._client.closed()


class LoopTiming:
    """The surroundings of a single station: timers of the running loop, and a task while it dials."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._epoch = time.time() - self._loop.time()
        self._handle: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.error: Exception | None = None
        self.on_change: Callable[[], None] = _nothing

    def now(self) -> float:
        """See `Timing`."""
        return self._loop.time() + self._epoch

    def watch(self, client: Client, due: float) -> None:
        """See `Timing`."""
        if self._handle is not None:
            self._handle.cancel()
        self._handle = self._loop.call_at(due - self._epoch, self._wake, client)

    def _wake(self, client: Client) -> None:
        client.wake()
        self.on_change()

    def dial(self, client: Client) -> None:
        """See `Timing`."""
        task = self._loop.create_task(client.connect())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def changed(self, client: Client) -> None:  # noqa: ARG002
        """See `Timing`."""
        self.on_change()

    def failed(self, client: Client, error: Exception) -> None:  # noqa: ARG002
        """See `Timing`."""
        self.error = error
        self.on_change()

    async def stop(self) -> None:
        """Cancel what is under way."""
        if self._handle is not None:
            self._handle.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _nothing() -> Any:
    return None
