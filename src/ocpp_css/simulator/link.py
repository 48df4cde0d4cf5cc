"""A station's side of the conversation: calls out one by one, answers back, retries, what is kept while offline."""

from collections import deque
from collections.abc import Callable
from random import Random
from typing import Any, Final

from ocpp_css.ocpp import frames
from ocpp_css.ocpp.errors import CallError, code_for
from ocpp_css.ocpp.faults import READ_ERRORS, FaultKind, classify
from ocpp_css.ocpp.messages import Wire, encode
from ocpp_css.ocpp.session import Answered, Incoming, Outgoing, Reply, Session
from ocpp_css.ocpp.versions import Protocol
from ocpp_css.simulator.effects import Counts, Dial, Effect, Frame, HangUp, Ping, Send
from ocpp_css.simulator.outbox import Letter, Outbox

PATIENCE: Final = 3
"""So many calls in a row without an answer: the connection is given up."""

RequestHandler = Callable[[str, Wire], bytes | CallError]
"""Answers a request of the central system: action and payload in, JSON or a refusal out."""


class RetryRule:
    """How often, and with which growing pause, a message of a transaction is sent again."""

    __slots__ = ("attempts", "interval_s")

    def __init__(self, attempts: int = 3, interval_s: float = 60) -> None:
        self.attempts = attempts
        self.interval_s = interval_s


class Link:
    """See the module. `handle` answers requests; `after` runs when an answer has gone out."""

    __slots__ = (
        "_afterwards", "_connection", "_handle", "_held", "_open", "_prefix", "_session", "_silent", "call_timeout_s",
        "counts", "duplicates", "effects", "frames", "is_accepted", "is_online", "outbox", "protocol", "retry",
        "slow_answers", "slow_s",
    )  # fmt: skip

    def __init__(self, protocol: Protocol, handle: RequestHandler, rng: Random, *, kept_frames: int | None) -> None:
        self.protocol = protocol
        self.effects: list[Effect] = []
        self.frames: deque[Frame] = deque(maxlen=kept_frames)
        self.counts = Counts()
        self.outbox = Outbox()
        self.retry = RetryRule()
        self.call_timeout_s = 30.0
        self.is_online = False
        self.is_accepted = False
        self.duplicates = 0
        self.slow_answers = 0
        self.slow_s = 0.0
        self._handle = handle
        self._prefix = f"{rng.getrandbits(48):012x}"
        self._connection = 0
        self._session = Session(protocol, "")
        self._open: Letter | None = None
        self._held: tuple[float, Incoming, bytes] | None = None
        self._silent = 0
        self._afterwards: list[Callable[[], None]] = []

    # --- the connection -----------------------------------------------------------------------------------------

    @property
    def is_ready(self) -> bool:
        """Connected, and the central system has accepted the station."""
        return self.is_online and self.is_accepted

    def is_settled(self, now: float) -> bool:
        """Nothing is open and nothing may go out now; offline that is always so."""
        if not self.is_online:
            return True
        return (
            self._open is None and self._held is None and not self.outbox.has_due(now, only_free=not self.is_accepted)
        )

    @property
    def has_said_all(self) -> bool:
        """Nothing waits to be sent or answered, now or later."""
        return self._open is None and self._held is None and not len(self.outbox)

    def dial(self) -> None:
        """Ask the shell for a connection."""
        self.effects.append(Dial())

    def hang_up(self, code: int = 1000, reason: str = "", *, is_abrupt: bool = False) -> None:
        """Ask the shell to close; nothing is sent any more."""
        if self.is_online:
            self.effects.append(HangUp(code, reason, is_abrupt))

    def ping(self) -> None:
        """Ask the shell for a WebSocket ping."""
        self.effects.append(Ping())

    def connected(self) -> None:
        """A new connection: a new session, so that every message gets a new id."""
        self._connection += 1
        self._session = Session(self.protocol, f"{self._prefix}-{self._connection:x}-")
        self.is_online = True
        self._silent = 0
        self.counts.connects += 1
        self.counts.reconnects += self._connection > 1

    def disconnected(self) -> None:
        """The connection is gone: messages of transactions stay, the others are lost."""
        if self.is_online:
            self.counts.lost += 1
        self.is_online = False
        self._held = None
        lost, self._open = self._open, None
        tuple(self._session.close())
        if lost is not None and not lost.is_kept:
            lost.finish(None)
        for letter in self.outbox.drop_plain():
            letter.finish(None)

    # --- in -----------------------------------------------------------------------------------------------------

    def receive(self, data: bytes, now: float) -> None:
        """Take one message of the central system in."""
        self.frames.append(Frame(now, is_sent=False, data=data))
        received = self._session.receive(data)
        match received:
            case Incoming():
                self._answer(received, now)
                self._serve(now)
            case Answered():
                self._answered(received, now)
            case Reply():
                self.send_raw(received.data, now)
            case _:
                pass

    def _answer(self, request: Incoming, now: float) -> None:
        self.counts.requests += 1
        if self.protocol.actions.get(request.action) is None:
            code = code_for(FaultKind.UNKNOWN_ACTION, self.protocol.name)
            answer: bytes | CallError = CallError(code, f"{request.action} is not known here.")
        else:
            answer = self._handle(request.action, request.payload)
        if isinstance(answer, CallError):
            frame = frames.error(request.message_id, answer.code, answer.description, answer.details)
        else:
            frame = frames.result(request.message_id, answer)
        if self.slow_answers:
            self.slow_answers -= 1
            self._held = (now + self.slow_s, request, frame)
        else:
            self._finish(request, frame, now)

    def _finish(self, request: Incoming, frame: bytes, now: float) -> None:
        self._session.finish(request, frame)
        self.send_raw(frame, now)
        afterwards, self._afterwards = self._afterwards, []
        for action in afterwards:
            action()

    def _serve(self, now: float) -> None:
        """Answer the requests that waited for the one before."""
        while self._held is None and (following := self._session.next_request()) is not None:
            self._answer(following, now)

    def after(self, action: Callable[[], None]) -> None:
        """Run `action` when the answer in the making has gone out."""
        self._afterwards.append(action)

    def _answered(self, received: Answered, now: float) -> None:
        letter, self._open = self._open, None
        assert letter is not None
        self._silent = 0
        if isinstance(received.answer, frames.Failure):
            self.counts.errors += 1
            self._failed(letter, now)
            return
        try:
            answer = self.protocol.actions[letter.action].decode_response(received.answer.payload)
        except READ_ERRORS as error:
            self.counts.errors += 1
            self._complain(received.answer.message_id, error, now)
            self._failed(letter, now)
            return
        self.counts.answered += 1
        self.outbox.remove(letter)
        letter.finish(answer)

    def _complain(self, message_id: str, error: BaseException, now: float) -> None:
        """2.1 tells the peer of an answer that cannot be read (part 4, 4.2.3)."""
        if self.protocol.has_send:
            fault = classify(error)
            code = code_for(fault.kind, self.protocol.name)
            self.send_raw(frames.result_error(message_id, code, fault.detail), now)

    def _failed(self, letter: Letter, now: float) -> None:
        """No usable answer: a message of a transaction is sent again, up to the limit (1.6 3.7.1, 2.x E13)."""
        letter.attempts += 1
        if letter.is_kept and letter.attempts < self.retry.attempts:
            letter.not_before = now + self.retry.interval_s * letter.attempts
            return
        self.outbox.remove(letter)
        letter.finish(None)

    # --- out ----------------------------------------------------------------------------------------------------

    def post(self, letter: Letter) -> None:
        """Queue a message; `pump` sends it when its turn comes."""
        if self.is_online or letter.is_kept:
            self.outbox.post(letter)
        else:
            letter.finish(None)

    def pump(self, now: float) -> None:
        """Send the next message, if none is open."""
        while self._open is None and self.is_online:
            letter = self.outbox.take(now, only_free=not self.is_accepted)
            if letter is None:
                return
            self._call(letter, now)

    def _call(self, letter: Letter, now: float) -> None:
        action = self.protocol.actions[letter.action]
        call = Outgoing(letter.action, encode(letter.build()), self.call_timeout_s, letter, action.is_send)
        data = self._session.submit(call, now)
        assert data is not None
        self.send_raw(data, now)
        if self.duplicates:
            self.duplicates -= 1
            self.send_raw(data, now)
        if action.is_send:
            letter.finish(None)
        else:
            self._open = letter

    def send_raw(self, data: bytes, now: float) -> None:
        """Send these bytes, whatever they are."""
        if not self.is_online:
            return
        self.counts.sent += 1
        self.frames.append(Frame(now, is_sent=True, data=data))
        self.effects.append(Send(data))

    # --- time ---------------------------------------------------------------------------------------------------

    def tick(self, now: float) -> None:
        """Let go of a call whose time is over; answer what was held back."""
        if self._session.expire(now) is not None:
            self._expired(now)
        if self._held is not None and self._held[0] <= now:
            (_, request, frame), self._held = self._held, None
            self._finish(request, frame, now)
            self._serve(now)

    def _expired(self, now: float) -> None:
        letter, self._open = self._open, None
        assert letter is not None
        self.counts.timeouts += 1
        self._silent += 1
        self._failed(letter, now)
        if self._silent >= PATIENCE:
            self.hang_up(1001, "no answer")

    @property
    def next_due(self) -> float | None:
        """When `tick` or `pump` has something to do."""
        if not self.is_online:
            return None
        waits: list[Any] = [self._session.deadline, self._held and self._held[0]]
        if self._open is None and self.is_accepted:
            waits.append(self.outbox.retry_at)
        return min((due for due in waits if due is not None), default=None)
