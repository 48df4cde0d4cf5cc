"""A central system as a script, to talk with the core of a station without a socket, and one on a socket."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from picows import WSListener, WSMsgType, WSUpgradeResponse, WSUpgradeResponseWithListener, ws_create_server

from ocpp_css.ocpp import versions
from ocpp_css.simulator.effects import Dial, HangUp, Send
from ocpp_css.simulator.machine import Options
from ocpp_css.simulator.station import Station

START = 1_780_000_000.0

Answer = dict[str, Any] | None | Callable[[dict[str, Any]], Any]


def default_answers(version: str) -> dict[str, Any]:
    """What a friendly central system says."""
    now = datetime.fromtimestamp(START, UTC).isoformat().replace("+00:00", "Z")
    numbers = itertools.count(101)
    token = {"status": "Accepted"}
    return {
        "BootNotification": {"currentTime": now, "interval": 300, "status": "Accepted"},
        "Heartbeat": {"currentTime": now},
        "Authorize": {"idTagInfo": token} if version == "1.6" else {"idTokenInfo": token},
        "StartTransaction": lambda _payload: {"idTagInfo": token, "transactionId": next(numbers)},
        "TransactionEvent": lambda payload: {"idTokenInfo": token} if "idToken" in payload else {},
        "SignCertificate": {"status": "Accepted"},
        "DataTransfer": {"status": "Accepted"},
    }


class Csms:
    """Talks with a `Station`: answers its calls, checks every message it sends, moves the clock."""

    def __init__(self, version: str, password: str | None = None, **options: Any) -> None:
        self.version = version
        self.answers = default_answers(version)
        self.protocol = versions.BY_NAME[version]
        options = {"driver_delay_s": None, "seed": 7, "kept_frames": None} | options
        self.station = Station(Options(identity="CP1", version=version, **options), password=password)
        self.now = START
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.ids: list[str] = []
        self.results: dict[str, list[Any]] = {}
        self.hung_up: list[HangUp] = []
        self.raw: list[bytes] = []
        self.is_silent = False
        self.is_reachable = True
        self._pending: dict[str, str] = {}
        self._numbers = itertools.count(1)

    # --- the conversation ---------------------------------------------------------------------------------------

    def run(self) -> None:
        """Carry out what the station wants until it wants nothing more."""
        while effects := self.station.take_effects():
            for effect in effects:
                match effect:
                    case Send(data=data):
                        self._take(data)
                    case Dial() if self.is_reachable:
                        self.station.connected(self.now)
                    case Dial():
                        self.station.disconnected(self.now)
                    case HangUp():
                        self.hung_up.append(effect)
                        self.station.disconnected(self.now)

    def _take(self, data: bytes) -> None:
        self.raw.append(data)
        try:
            frame = msgspec.json.decode(data)
        except msgspec.DecodeError:
            return
        if not isinstance(frame, list) or len(frame) < 3:
            return
        match frame:
            case [2, message_id, action, payload]:
                self._called(message_id, action, payload, data)
            case [3 | 4, message_id, *_]:
                self.results[message_id] = frame
                if frame[0] == 3 and message_id in self._pending:
                    raw = msgspec.json.decode(data, type=list[msgspec.Raw])[2]
                    self.protocol.actions[self._pending[message_id]].decode_response(raw)

    def _called(self, message_id: str, name: str, payload: dict[str, Any], data: bytes) -> None:
        action = self.protocol.actions.get(name)
        if action is None:
            return
        if message_id.startswith("bad-"):
            return
        assert action.origin in {"station", "both"}
        action.decode_request(msgspec.json.decode(data, type=tuple[int, str, str, msgspec.Raw])[3])
        self.ids.append(message_id)
        self.calls.append((name, payload))
        if not self.is_silent:
            self._reply(message_id, name, payload)

    def _reply(self, message_id: str, name: str, payload: dict[str, Any]) -> None:
        answer = self.answers.get(name, {})
        if callable(answer):
            answer = answer(payload)
        if answer is None:
            return
        if isinstance(answer, tuple):
            frame: list[Any] = [4, message_id, answer[0], "", {}]
        else:
            frame = [3, message_id, answer]
        self.station.receive(msgspec.json.encode(frame), self.now)

    def ask(self, action: str, payload: dict[str, Any] | None = None) -> Any:
        """Send a call; the payload of the answer, or the code of the error."""
        message_id = f"csms-{next(self._numbers)}"
        self._pending[message_id] = action
        self.station.receive(msgspec.json.encode([2, message_id, action, payload or {}]), self.now)
        self.run()
        frame = self.results.get(message_id)
        return None if frame is None else frame[2]

    # --- the clock ----------------------------------------------------------------------------------------------

    def boot(self) -> "Csms":
        """Switch the station on, and answer its boot."""
        self.station.power_on(self.now)
        self.run()
        return self

    def wait(self, seconds: float) -> None:
        """Let time pass: every deadline of the station comes at its moment."""
        end = self.now + seconds
        while (due := self.station.next_due) is not None and due <= end:
            self.now = max(self.now, due)
            self.station.tick(self.now)
            self.run()
        self.now = end
        self.station.tick(self.now)
        self.run()

    def cut(self) -> None:
        """Pull the network cable, and let nothing through until `mend`."""
        self.is_reachable = False
        self.station.disconnected(self.now)
        self.run()

    def mend(self) -> None:
        """Put it back, and wait until the station dials again."""
        self.is_reachable = True
        self.wait(200)

    # --- what people do -----------------------------------------------------------------------------------------

    def do(self, name: str, *arguments: Any, **options: Any) -> None:
        """One of the station's own steps, at this moment."""
        getattr(self.station, name)(*arguments, now=self.now, **options)
        self.run()

    def charge(self, evse: int = 1, token: str = "TAG") -> None:
        """Plug in and start."""
        self.do("plug_in", evse)
        self.do("start", evse, token)

    # --- what was said ------------------------------------------------------------------------------------------

    def all(self, action: str) -> list[dict[str, Any]]:
        """The payloads of the calls of one action."""
        return [payload for name, payload in self.calls if name == action]

    def last(self, action: str) -> dict[str, Any]:
        """The last of them."""
        return self.all(action)[-1]

    @property
    def names(self) -> list[str]:
        """The actions of all calls."""
        return [name for name, _ in self.calls]

    def forget(self) -> None:
        """Begin a new record."""
        self.calls.clear()
        self.ids.clear()
        self.raw.clear()

    @property
    def transaction_id(self) -> Any:
        """The id of the transaction that runs at EVSE 1."""
        transaction = self.station.evse(1).transaction
        assert transaction is not None
        return transaction.key


VERSIONS = ("1.6", "2.0.1", "2.1")
V2X = ("2.0.1", "2.1")


@pytest.fixture(params=VERSIONS)
def csms(request: pytest.FixtureRequest) -> Csms:
    """A conversation that has begun, in each version."""
    return Csms(request.param).boot()


@pytest.fixture(params=V2X)
def csms2(request: pytest.FixtureRequest) -> Csms:
    """As `csms`, without 1.6."""
    return Csms(request.param).boot()


@pytest.fixture
def csms16() -> Csms:
    """As `csms`, 1.6 only."""
    return Csms("1.6").boot()


# --- on a socket -----------------------------------------------------------------------------------------------------


class Peer(WSListener):
    """The central system's end of one connection: answers like `default_answers`."""

    def __init__(self, server: "Server", identity: str, version: str) -> None:
        self.server = server
        self.identity = identity
        self.answers = default_answers(version)
        self.transport: Any = None
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.replies: asyncio.Queue[Any] = asyncio.Queue()

    def on_ws_connected(self, transport: Any) -> None:
        self.transport = transport
        self.server.peers[self.identity] = self
        self.server.connects += 1

    def on_ws_frame(self, transport: Any, frame: Any) -> None:
        if frame.msg_type == WSMsgType.CLOSE:
            transport.send_close(frame.get_close_code(), b"")
            transport.disconnect()
            return
        if frame.msg_type != WSMsgType.TEXT:
            return
        parts = msgspec.json.decode(frame.get_payload_as_bytes())
        if parts[0] == 2:
            self._called(*parts[1:])
        else:
            self.replies.put_nowait(parts)

    def _called(self, message_id: str, name: str, payload: dict[str, Any]) -> None:
        self.calls.append((name, payload))
        answer = self.answers.get(name, {})
        answer = answer(payload) if callable(answer) else answer
        if answer is not None:
            self.send([3, message_id, answer])

    def send(self, parts: Any) -> None:
        self.transport.send(WSMsgType.TEXT, msgspec.json.encode(parts))

    async def ask(self, action: str, payload: dict[str, Any]) -> Any:
        self.send([2, "ask", action, payload])
        return (await asyncio.wait_for(self.replies.get(), 5))[2]

    def cut(self) -> None:
        self.transport.disconnect(graceful=False)

    def all(self, action: str) -> list[dict[str, Any]]:
        return [payload for name, payload in self.calls if name == action]


class Server:
    """A tiny central system: `passwords` by identity where it wants any; `status` refuses everybody."""

    def __init__(self) -> None:
        self.peers: dict[str, Peer] = {}
        self.connects = 0
        self.headers: dict[str, str | None] = {}
        self.passwords: dict[str, str] = {}
        self.status = 101
        self.picks = True
        self.port = 0
        self.scheme = "ws"

    @property
    def url(self) -> str:
        return f"{self.scheme}://localhost:{self.port}/ocpp"

    def _upgrade(self, request: Any) -> Any:
        identity = request.path.decode().rsplit("/", 1)[-1]
        offered = request.headers.get("Sec-WebSocket-Protocol")
        self.headers[identity] = request.headers.get("Authorization")
        if self.status != 101:
            return WSUpgradeResponseWithListener(WSUpgradeResponse.create_error_response(self.status, b"no"), None)
        chosen = {"Sec-WebSocket-Protocol": offered} if self.picks else None
        version = versions.PROTOCOLS[offered].name
        return WSUpgradeResponseWithListener(
            WSUpgradeResponse.create_101_response(chosen), Peer(self, identity, version)
        )

    @asynccontextmanager
    async def running(self, ssl: Any = None) -> AsyncIterator["Server"]:
        server = await ws_create_server(self._upgrade, "localhost", 0, ssl=ssl)
        self.port = server.sockets[0].getsockname()[1]
        self.scheme = "ws" if ssl is None else "wss"
        try:
            yield self
        finally:
            for peer in self.peers.values():
                peer.transport.disconnect(graceful=False)
            server.close()
            await server.wait_closed()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with Server().running() as running:
        yield running


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def make_certificate() -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    """A certificate for localhost, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return made, key


@pytest.fixture(scope="session")
def pem() -> str:
    """A certificate in PEM."""
    return make_certificate()[0].public_bytes(serialization.Encoding.PEM).decode()
