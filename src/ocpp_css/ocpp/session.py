"""The conversation with one peer, without I/O: one open CALL each way, answers that find their call.

Times are monotonic seconds given by the caller. Used by the central system and by the simulator alike.
"""

import zlib
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from ocpp_css.ocpp import frames
from ocpp_css.ocpp.errors import code_for
from ocpp_css.ocpp.faults import FaultKind
from ocpp_css.ocpp.frames import Failure, Malformed, Request, Result
from ocpp_css.ocpp.versions import Protocol

REMEMBERED_ANSWERS: Final = 8
"""RULES 2.3: so many answers of a connection are remembered for retransmissions."""

_DIGEST: Final = 8
"""Bytes before a remembered answer that tell its request; two tuples take a third of the memory of a dictionary."""

MAX_WAITING_IN: Final = 4096
"""Requests read ahead of the one in work; the shell stops reading long before (`wants_rest`)."""

MAX_WAITING_OUT: Final = 64
"""Calls of ours that wait for the open one."""


class Incoming(msgspec.Struct, eq=False, gc=False):
    """A request of the peer, to be handled; `is_reused_id` flags an id that came before with another payload.

    A struct, since its making is a part of every message's way.
    """

    message_id: str
    action: str
    payload: bytes
    is_send: bool
    is_reused_id: bool = False
    _checksum: int | None = None

    def checksum(self) -> int:
        """CRC-32 of the payload, reckoned once."""
        if self._checksum is None:
            self._checksum = zlib.crc32(self.payload)
        return self._checksum

    def digest(self) -> int:
        """What tells it from another request with the same id, in 64 bits with sign; of this process only."""
        return hash(self.action) ^ self.checksum()


@dataclass(slots=True, eq=False)
class Outgoing:
    """A CALL of ours: `payload` is JSON, `timeout_s` counts from when it goes out; `owner` is the caller's own mark."""

    action: str
    payload: bytes
    timeout_s: float
    owner: Any = None
    is_send: bool = False
    message_id: str = ""
    deadline: float = 0.0


@dataclass(slots=True)
class Reply:
    """Bytes to send at once: an error, or the remembered answer to a retransmission."""

    data: bytes
    fault: Malformed | None = None


@dataclass(slots=True)
class Answered:
    """Our open CALL came to its end; `Session.release` tells what may go out next."""

    call: Outgoing
    answer: Result | Failure


@dataclass(slots=True)
class Dropped:
    """Nothing to do but count: the reason is a stable word; `fault` tells what is no frame at all."""

    reason: str
    fault: Malformed | None = None


Received = Incoming | Reply | Answered | Dropped | None


class Session:
    """See the module; every method returns at once."""

    __slots__ = (
        "_answers", "_count", "_ids", "_open_in", "_open_out", "_prefix", "_waiting_in", "_waiting_out", "protocol",
    )  # fmt: skip

    def __init__(self, protocol: Protocol, prefix: str) -> None:
        """`prefix` makes the ids of our calls differ from those of every other connection."""
        self.protocol = protocol
        self._prefix = prefix
        self._count = 0
        self._ids: tuple[str, ...] = ()
        self._answers: tuple[bytes, ...] = ()
        self._open_in: Incoming | None = None
        self._open_out: Outgoing | None = None
        self._waiting_in: deque[Incoming] | None = None
        self._waiting_out: deque[Outgoing] | None = None

    # --- what comes in ------------------------------------------------------------------------------------------

    def receive(self, data: bytes) -> Received:
        """Take one message in. None: a request was queued behind the open one (see `next_request`)."""
        frame = frames.parse(data, self.protocol.has_send)
        if type(frame) is Request:
            kind, message_id, action, raw = frame
            incoming = Incoming(message_id, action, bytes(raw), kind == frames.SEND)
            if self._open_in is None and message_id not in self._ids:
                self._open_in = incoming
                return incoming
            return self._second(incoming)
        if type(frame) is Malformed:
            return self._malformed(frame)
        assert isinstance(frame, Result | Failure)
        return self._answer(frame)

    def _second(self, incoming: Incoming) -> Received:
        """A request that came before, or that comes while one is in work."""
        earlier = self._same_id(incoming)
        if earlier is not None:
            if earlier[0] == incoming.digest():
                return Reply(earlier[1]) if earlier[1] else Dropped("retransmission_in_work")
            incoming.is_reused_id = True
        if self._open_in is None:
            self._open_in = incoming
            return incoming
        waiting = self._waiting_in = self._waiting_in or deque()
        if len(waiting) >= MAX_WAITING_IN:
            return Dropped("flood")
        waiting.append(incoming)
        return None

    def _same_id(self, incoming: Incoming) -> tuple[int, bytes] | None:
        """Digest and answer (empty while in work) of the newest earlier request with this id."""
        if self._open_in is not None:
            for other in (*reversed(self._waiting_in or ()), self._open_in):
                if other.message_id == incoming.message_id:
                    return other.digest(), b""
        for message_id, answer in zip(reversed(self._ids), reversed(self._answers), strict=True):
            if message_id == incoming.message_id:
                return int.from_bytes(answer[:_DIGEST], "big", signed=True), answer[_DIGEST:]
        return None

    def _malformed(self, frame: Malformed) -> Received:
        """RULES 2.2: what gets an error, and what 1.6 only counts."""
        if self.protocol.is_v1x and (
            frame.kind is FaultKind.UNKNOWN_MESSAGE_TYPE
            or (frame.kind is FaultKind.MALFORMED_FRAME and frame.message_id is None)
        ):
            return Dropped(frame.kind.value, frame)
        code = code_for(frame.kind, self.protocol.name)
        return Reply(frames.error(frame.message_id, code, frame.detail), frame)

    def _answer(self, answer: Result | Failure) -> Received:
        call = self._open_out
        if isinstance(answer, Failure) and answer.is_of_result:
            return Dropped("result_error")
        if call is None or call.message_id != answer.message_id:
            return Dropped("foreign_answer")
        self._open_out = None
        return Answered(call, answer)

    @property
    def wants_rest(self) -> bool:
        """True when one request is in work and one waits: the shell stops reading (SPEED 3.5)."""
        return bool(self._waiting_in)

    @property
    def is_busy(self) -> bool:
        """A request of the peer is in work."""
        return self._open_in is not None

    def finish(self, request: Incoming, answer: bytes) -> bool:
        """The request in work is answered with these bytes; they are remembered for a retransmission.

        True when another one waits: `next_request` gives it.
        """
        assert request is self._open_in
        self._open_in = None
        if not request.is_send:
            ids, answers = self._ids, self._answers
            if len(ids) == REMEMBERED_ANSWERS:
                ids, answers = ids[1:], answers[1:]
            self._ids = (*ids, request.message_id)
            self._answers = (*answers, request.digest().to_bytes(_DIGEST, "big", signed=True) + answer)
        return bool(self._waiting_in)

    def next_request(self) -> Incoming | None:
        """The request that waited longest, now the one in work; None when none waits or one is in work."""
        if self._open_in is not None or not self._waiting_in:
            return None
        self._open_in = self._waiting_in.popleft()
        return self._open_in

    # --- what goes out ------------------------------------------------------------------------------------------

    def submit(self, call: Outgoing, now: float) -> bytes | None:
        """Queue a call of ours; the bytes to send when it may go out at once. OverflowError when too many wait."""
        self._count += 1
        call.message_id = f"{self._prefix}{self._count:x}"
        if call.is_send:
            return frames.send(call.message_id, call.action, call.payload)
        waiting = self._waiting_out = self._waiting_out or deque()
        if len(waiting) >= MAX_WAITING_OUT:
            raise OverflowError("too many calls wait for this station")
        waiting.append(call)
        return self.release(now)

    def release(self, now: float) -> bytes | None:
        """The bytes of the next call of ours, if none is open and one waits."""
        if self._open_out is not None or not self._waiting_out:
            return None
        call = self._open_out = self._waiting_out.popleft()
        call.deadline = now + call.timeout_s
        return frames.call(call.message_id, call.action, call.payload)

    def withdraw(self, call: Outgoing) -> bool:
        """Take back a call that has not gone out; False when it has."""
        if self._waiting_out is not None and call in self._waiting_out:
            self._waiting_out.remove(call)
            return True
        return False

    def expire(self, now: float) -> Outgoing | None:
        """The open call when its time is over; its late answer will be foreign."""
        call = self._open_out
        if call is None or now < call.deadline:
            return None
        self._open_out = None
        return call

    @property
    def deadline(self) -> float | None:
        """When `expire` has something to say."""
        return self._open_out.deadline if self._open_out is not None else None

    def close(self) -> Iterator[tuple[Outgoing, bool]]:
        """The connection is gone: every unanswered call of ours, and whether it had gone out.

        Requests of the peer that were read stay: they are still handled, although nobody hears the answer.
        """
        opened, waiting = self._open_out, self._waiting_out
        self._open_out = self._waiting_out = None
        if opened is not None:
            yield opened, True
        for call in waiting or ():
            yield call, False
