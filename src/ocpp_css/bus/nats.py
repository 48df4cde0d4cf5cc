"""The bus of many processes: NATS carries what the in-process bus cannot reach.

Everything told goes through one subscription of each process, so that it comes in the order in which it was told.
Nothing is kept while NATS is away: `gaps` and `unsent` say that something may be missing, and memory is read anew.
"""

import asyncio
import contextlib
import re
import secrets
import time
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.errors import NoRespondersError, SlowConsumerError
from nats.errors import TimeoutError as NatsTimeoutError

from ocpp_css.bus.in_process import InProcessBus, kinds_of
from ocpp_css.bus.port import Answer, Cancel, Message, NobodyAnswers, Receive

_log = structlog.get_logger(__name__)

CONNECT_S: Final = 5.0
HELLO_S: Final = 3.0
"""How often a process says that it is there and what it listens to."""
SILENT_S: Final = 10.0
"""After so long without a word a process is not waited for."""
PING_S: Final = 1
LARGEST_BYTES: Final = 900_000
"""Of one NATS message; the server's own limit is 1 MiB unless set."""
_TOPIC = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*")
_HELLO, _BYE, _SYNC = "bus.hello", "bus.bye", "bus.sync"


@dataclass(slots=True)
class _Peer:
    """Another process on the bus."""

    heard: float
    patterns: frozenset[str] = frozenset()


@dataclass(slots=True)
class _Settling:
    """Who has not said yet that it received what was told before."""

    missing: set[str]
    done: asyncio.Event = field(default_factory=asyncio.Event)


class NatsBus:
    """See `Bus`. `name` parts the subjects of one installation from those of others on the same NATS."""

    def __init__(self, name: str) -> None:
        self._prefix = _checked(name)
        self._me = secrets.token_hex(8)
        self._local = InProcessBus()
        self._nats = Client()
        self._loop = asyncio.get_running_loop()
        self._waiting: dict[str, list[bytes]] = {}
        self._sending: asyncio.Task[None] | None = None
        self._peers: dict[str, _Peer] = {}
        self._watched: frozenset[str] = frozenset()
        self._kinds: frozenset[str] = frozenset()
        self._settling: dict[str, _Settling] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._beat: asyncio.Task[None] | None = None
        self._is_closing = False
        self.gaps = 0
        self.unsent = 0

    @classmethod
    async def open(cls, servers: str, name: str) -> "NatsBus":
        """Connect to one of `servers` (`nats://…`, several parted by commas); OSError where none answers."""
        bus = cls(name)
        urls = [url.strip() for url in servers.split(",")]
        try:
            await asyncio.wait_for(bus._connect(urls), CONNECT_S)
        except (OSError, NatsError) as fault:
            await bus._nats.close()
            where = ", ".join(url.rpartition("@")[2] for url in urls)
            raise OSError(f"the bus at {where} cannot be reached: {str(fault) or 'it does not answer'}") from None
        return bus

    async def _connect(self, urls: list[str]) -> None:
        await self._nats.connect(
            urls, name="ocpp-css", no_echo=True, max_reconnect_attempts=-1, reconnect_time_wait=1, ping_interval=2,
            max_outstanding_pings=2, connect_timeout=3, drain_timeout=5, error_cb=self._failed,
            reconnected_cb=self._reconnected, disconnected_cb=self._disconnected,
        )  # fmt: skip
        await self._nats.subscribe(f"{self._prefix}.tell.*", cb=self._told)
        await self._nats.subscribe(f"{self._prefix}.had.{self._me}", cb=self._had)
        await self._nats.flush()
        self._say_hello(wants_answer=True)
        self._beat = self._loop.create_task(self._say_hello_regularly(), name="bus-hello")

    # --- telling ------------------------------------------------------------------------------------------------

    @property
    def is_whole(self) -> bool:
        return bool(self._nats.is_connected)

    def publish(self, topic: str, message: Message) -> None:
        self._local.publish(topic, message)
        self._tell(topic, message)

    def _tell(self, topic: str, message: Message) -> None:
        """Queue for the others; what is told in one turn of the loop goes out together, a message per tenant."""
        if not self._nats.is_connected:
            self.unsent += 1
            return
        told = msgspec.json.encode((topic, message))
        if len(told) > LARGEST_BYTES:
            _log.warning("too large for the bus", topic=topic, bytes=len(told))
            self.unsent += 1
            return
        self._waiting.setdefault(_tenant_of(topic), []).append(told)
        if self._sending is None:
            self._sending = self._loop.create_task(self._send(), name="bus-send")

    async def _send(self) -> None:
        try:
            while self._waiting:
                waiting, self._waiting = self._waiting, {}
                for tenant, told in waiting.items():
                    for packet in _packets(told):
                        await self._send_one(f"{self._prefix}.tell.{tenant}", packet)
        finally:
            self._sending = None

    async def _send_one(self, subject: str, packet: bytes) -> None:
        try:
            await self._nats.publish(subject, packet)
        except (NatsError, OSError) as fault:
            self.unsent += 1
            _log.warning("not told to others", exc_info=fault)

    async def _told(self, received: Msg) -> None:
        for topic, message in msgspec.json.decode(received.data):
            if topic.startswith("bus."):
                await self._heard(topic, message)
                continue
            try:
                self._local.publish(topic, message)
            except Exception as fault:  # noqa: BLE001 - one listener's fault is not the others'
                _log.error("message of another process not taken", topic=topic, exc_info=fault)

    # --- listening ----------------------------------------------------------------------------------------------

    def is_watched(self, topic: str) -> bool:
        return self._local.is_watched(topic) or topic in self._watched or topic.partition(".")[0] in self._kinds

    def subscribe(self, pattern: str, receive: Receive) -> Cancel:
        cancel = self._local.subscribe(_checked(pattern), receive)
        self._say_hello()

        def end() -> None:
            cancel()
            self._say_hello()

        return end

    # --- who is there -------------------------------------------------------------------------------------------

    def _say_hello(self, *, wants_answer: bool = False) -> None:
        """What is listened to here, so that others need not make messages that nobody wants."""
        if self._nats.is_connected:
            patterns = sorted(self._local.patterns)
            self._tell(_HELLO, {"from": self._me, "patterns": patterns, "wants_answer": wants_answer})

    async def _say_hello_regularly(self) -> None:
        while True:
            await asyncio.sleep(HELLO_S)
            self._say_hello()
            silent = [name for name, peer in self._peers.items() if time.monotonic() - peer.heard > SILENT_S]
            for name in silent:
                self._forget(name)

    async def _heard(self, topic: str, message: Message) -> None:
        name = message["from"]
        if topic == _BYE:
            self._forget(name)
            return
        peer = self._peers.setdefault(name, _Peer(0.0))
        peer.heard = time.monotonic()
        if topic == _SYNC:
            await self._send_one(
                f"{self._prefix}.had.{name}", msgspec.json.encode({"from": self._me, "number": message["number"]})
            )
            return
        patterns = frozenset(message["patterns"])
        if patterns != peer.patterns:
            peer.patterns = patterns
            self._note_watched()
        if message["wants_answer"]:
            self._say_hello()

    def _forget(self, name: str) -> None:
        self._peers.pop(name, None)
        for settling in self._settling.values():
            _is_there(settling, name)
        self._note_watched()

    def _note_watched(self) -> None:
        self._watched = frozenset().union(*(peer.patterns for peer in self._peers.values()))
        self._kinds = kinds_of(self._watched)

    async def settle(self, timeout_s: float) -> None:
        now = time.monotonic()
        missing = {name for name, peer in self._peers.items() if now - peer.heard <= SILENT_S}
        if not missing:
            return
        number = secrets.token_hex(8)
        settling = self._settling[number] = _Settling(missing)
        try:
            self._tell(_SYNC, {"from": self._me, "number": number})
            async with asyncio.timeout(timeout_s):
                await settling.done.wait()
        except TimeoutError:
            _log.warning("other processes did not confirm in time", count=len(settling.missing))
        finally:
            del self._settling[number]

    async def _had(self, received: Msg) -> None:
        message = msgspec.json.decode(received.data)
        settling = self._settling.get(message["number"])
        if settling is not None:
            _is_there(settling, message["from"])

    # --- requests -----------------------------------------------------------------------------------------------

    def serve(self, pattern: str, answer: Answer) -> Cancel:
        cancel = self._local.serve(_checked(pattern), answer)
        subject = f"{self._prefix}.ask.{pattern}"
        subject = subject[:-1] + ">" if subject.endswith(".*") else subject
        ended = asyncio.Event()
        self._run(self._serve(subject, pattern, ended))

        def end() -> None:
            cancel()
            ended.set()

        return end

    async def _serve(self, subject: str, pattern: str, ended: asyncio.Event) -> None:
        async def asked(received: Msg) -> None:
            self._run(self._answer(received))

        try:
            subscription: Any = await self._nats.subscribe(subject, cb=asked)
            await ended.wait()
            await subscription.drain()
        except (NatsError, OSError) as fault:
            _log.warning("topic not served", pattern=pattern, exc_info=fault)

    async def _answer(self, received: Msg) -> None:
        """Answer one request, if its time is not over: who asked has given up then, and would ask a second time."""
        asked = msgspec.json.decode(received.data)
        answer = self._local.server_of(received.subject.removeprefix(f"{self._prefix}.ask."))
        reply: Message = {"nobody": True}
        left = asked["until"] - time.time()
        if answer is not None and left > 0:
            try:
                reply = {"answer": await asyncio.wait_for(answer(asked["message"]), left)}
            except TimeoutError:
                return
            except Exception as fault:  # noqa: BLE001 - told to who asked
                _log.error("request not answered", topic=received.subject, exc_info=fault)
                reply = {"fault": repr(fault)}
        packet = msgspec.json.encode(reply)
        if len(packet) > LARGEST_BYTES:
            packet = msgspec.json.encode({"fault": "the answer is too large for the bus"})
        await self._send_one(received.reply, packet)

    async def request(self, topic: str, message: Message, timeout_s: float) -> Message:
        if self._local.server_of(topic) is not None:
            return await self._local.request(topic, message, timeout_s)
        packet = msgspec.json.encode({"message": message, "until": time.time() + timeout_s})
        if not self._nats.is_connected or len(packet) > LARGEST_BYTES:
            raise NobodyAnswers(topic)
        try:
            received = await self._nats.request(f"{self._prefix}.ask.{_checked(topic)}", packet, timeout_s)
        except NoRespondersError:
            raise NobodyAnswers(topic) from None
        except (NatsTimeoutError, NatsError, OSError):
            raise TimeoutError(topic) from None
        reply: dict[str, Any] = msgspec.json.decode(received.data)
        if "nobody" in reply:
            raise NobodyAnswers(topic)
        if "fault" in reply:
            raise TimeoutError(f"{topic}: {reply['fault']}")
        answered: Message = reply["answer"]
        return answered

    # --- coming and going ---------------------------------------------------------------------------------------

    async def _failed(self, fault: Exception) -> None:
        if isinstance(fault, SlowConsumerError):
            self.gaps += 1
        _log.warning("bus", exc_info=fault)

    async def _disconnected(self) -> None:
        if not self._is_closing:
            _log.warning("bus lost; trying again")
        self.gaps += 1

    async def _reconnected(self) -> None:
        """Messages were missed both ways."""
        _log.info("bus found again")
        self.gaps += 1
        self._say_hello(wants_answer=True)

    def _run(self, work: Any) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def ping(self) -> None:
        """Ask the server itself, not this process."""
        if not self._nats.is_connected:
            raise ConnectionError("NATS is away")
        await self._nats.flush(PING_S)

    async def close(self) -> None:
        self._is_closing = True
        if self._beat is not None:
            self._beat.cancel()
        if self._nats.is_connected:
            self._tell(_BYE, {"from": self._me})
        if self._sending is not None:
            await self._sending
        with contextlib.suppress(NatsError, OSError):
            await self._nats.drain()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with contextlib.suppress(RuntimeError):  # what was to be sent to a server that is away
            await self._nats.close()


def _is_there(settling: _Settling, name: str) -> None:
    settling.missing.discard(name)
    if not settling.missing:
        settling.done.set()


def _checked(pattern: str) -> str:
    """The topic or pattern, made of nothing that NATS reads as its own (TRUST A12)."""
    if not _TOPIC.fullmatch(pattern.removesuffix(".*")):
        raise ValueError(f"not a topic: {pattern!r}")
    return pattern


def _tenant_of(topic: str) -> str:
    """The tenant of a topic: a part of the subject."""
    tenant = topic.split(".")[1]
    return tenant if tenant.isdecimal() else "0"


def _packets(told: list[bytes]) -> list[bytes]:
    """JSON arrays of the messages, none larger than NATS takes."""
    packets: list[bytes] = []
    held: list[bytes] = []
    size = 0
    for one in told:
        if held and size + len(one) > LARGEST_BYTES:
            packets.append(b"[" + b",".join(held) + b"]")
            held, size = [], 0
        held.append(one)
        size += len(one) + 1
    packets.append(b"[" + b",".join(held) + b"]")
    return packets
