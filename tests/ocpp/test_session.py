"""The session as a state machine: one open call each way, answers find their calls, repetitions theirs (RULES 2)."""

import json
from collections import deque
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from ocpp_css.ocpp import session as sessions
from ocpp_css.ocpp.session import (
    MAX_WAITING_OUT,
    REMEMBERED_ANSWERS,
    Answered,
    Dropped,
    Incoming,
    Outgoing,
    Reply,
    Session,
)
from ocpp_css.ocpp.versions import V16, V21, V201, Protocol

IDS = [f"id{number}" for number in range(14)]
PAYLOADS = [{}, {"a": 1}, {"b": [1, 2]}]


def call(message_id: str, payload: Any, action: str = "DataTransfer", kind: int = 2) -> bytes:
    return json.dumps([kind, message_id, action, payload]).encode()


class Conversation(RuleBasedStateMachine):
    """The model: what is in work, what waits, which answers are remembered, which call of ours is open."""

    protocol: Protocol = V201

    def __init__(self) -> None:
        super().__init__()
        self.session = Session(self.protocol, "own-")
        self.now = 0.0
        self.in_work: tuple[str, int, Incoming] | None = None
        self.waiting: deque[tuple[str, int]] = deque()
        self.answered: deque[tuple[str, int, bytes]] = deque(maxlen=REMEMBERED_ANSWERS)
        self.open_call: Outgoing | None = None
        self.waiting_calls: deque[Outgoing] = deque()
        self.ended: list[Outgoing] = []
        self.sent = 0

    # --- the peer asks ---

    def _newest(self, message_id: str) -> tuple[int, bytes] | None:
        for known, payload in reversed(self.waiting):
            if known == message_id:
                return payload, b""
        if self.in_work is not None and self.in_work[0] == message_id:
            return self.in_work[1], b""
        answers = ((payload, answer) for known, payload, answer in reversed(self.answered) if known == message_id)
        return next(answers, None)

    @rule(message_id=st.sampled_from(IDS), payload=st.integers(0, len(PAYLOADS) - 1))
    def request(self, message_id: str, payload: int) -> None:
        earlier = self._newest(message_id)
        received = self.session.receive(call(message_id, PAYLOADS[payload]))
        if earlier is not None and earlier[0] == payload:
            if earlier[1]:
                assert isinstance(received, Reply)
                assert received.data == earlier[1]
            else:
                assert received == Dropped("retransmission_in_work")
        elif self.in_work is None:
            assert isinstance(received, Incoming)
            assert received.is_reused_id is (earlier is not None)
            self.in_work = (message_id, payload, received)
        else:
            assert received is None
            self.waiting.append((message_id, payload))

    @precondition(lambda self: self.in_work is not None)
    @rule()
    def finish(self) -> None:
        assert self.in_work is not None
        message_id, payload, incoming = self.in_work
        self.sent += 1
        answer = f'[3,"{message_id}",{{"n":{self.sent}}}]'.encode()
        self.session.finish(incoming, answer)
        self.answered.append((message_id, payload, answer))
        self.in_work = None
        following = self.session.next_request()
        if self.waiting:
            waited, payload = self.waiting.popleft()
            assert following is not None
            assert following.message_id == waited
            self.in_work = (waited, payload, following)
        else:
            assert following is None

    @precondition(lambda self: self.in_work is not None)
    @rule()
    def nothing_follows_while_one_is_in_work(self) -> None:
        assert self.session.next_request() is None

    # --- we ask ---

    @rule()
    def submit(self) -> None:
        outgoing = Outgoing("Reset", b"{}", timeout_s=10.0)
        if len(self.waiting_calls) >= MAX_WAITING_OUT:
            with pytest.raises(OverflowError):
                self.session.submit(outgoing, self.now)
            return
        data = self.session.submit(outgoing, self.now)
        self.waiting_calls.append(outgoing)
        if self.open_call is None:
            self.open_call = self.waiting_calls.popleft()
            assert data is not None
            assert json.loads(data) == [2, self.open_call.message_id, "Reset", {}]
        else:
            assert data is None

    @rule()
    def release(self) -> None:
        data = self.session.release(self.now)
        if self.open_call is not None or not self.waiting_calls:
            assert data is None
            return
        self.open_call = self.waiting_calls.popleft()
        assert data is not None
        assert json.loads(data)[1] == self.open_call.message_id

    @precondition(lambda self: self.open_call is not None)
    @rule(answer=st.sampled_from(["result", "error", "result of a wrong type"]))
    def answer(self, answer: str) -> None:
        assert self.open_call is not None
        frame: list[Any] = [3, self.open_call.message_id, {}]
        if answer == "error":
            frame = [4, self.open_call.message_id, "GenericError", "", {}]
        elif answer == "result of a wrong type":
            frame = [3, self.open_call.message_id, []]
        received = self.session.receive(json.dumps(frame).encode())
        assert isinstance(received, Answered)
        assert received.call is self.open_call
        self.ended.append(self.open_call)
        self.open_call = None

    @rule(kind=st.sampled_from([3, 4]), which=st.sampled_from(["foreign", "late", "waiting"]))
    def answer_to_nothing(self, kind: int, which: str) -> None:
        message_id = "other-1"
        if which == "late" and self.ended:
            message_id = self.ended[-1].message_id
        elif which == "waiting" and self.waiting_calls:
            message_id = self.waiting_calls[0].message_id
        frame = [3, message_id, {}] if kind == 3 else [4, message_id, "GenericError", "", {}]
        assert self.session.receive(json.dumps(frame).encode()) == Dropped("foreign_answer")

    @rule(seconds=st.floats(0, 12))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds
        late = self.session.expire(self.now)
        if self.open_call is not None and self.now >= self.open_call.deadline:
            assert late is self.open_call
            self.ended.append(self.open_call)
            self.open_call = None
        else:
            assert late is None

    @precondition(lambda self: self.waiting_calls)
    @rule(index=st.integers(0, 100))
    def withdraw(self, index: int) -> None:
        outgoing = self.waiting_calls[index % len(self.waiting_calls)]
        assert self.session.withdraw(outgoing)
        self.waiting_calls.remove(outgoing)
        assert not self.session.withdraw(outgoing)

    @precondition(lambda self: self.open_call is not None)
    @rule()
    def what_went_out_cannot_be_withdrawn(self) -> None:
        assert self.open_call is not None
        assert not self.session.withdraw(self.open_call)

    @rule()
    def close(self) -> None:
        lost = list(self.session.close())
        opened = [] if self.open_call is None else [(self.open_call, True)]
        assert lost == opened + [(outgoing, False) for outgoing in self.waiting_calls]
        self.ended += [outgoing for outgoing, _ in lost]
        self.open_call = None
        self.waiting_calls.clear()
        assert list(self.session.close()) == []

    # --- always ---

    @invariant()
    def agrees(self) -> None:
        assert self.session.is_busy is (self.in_work is not None)
        assert self.session.wants_rest is bool(self.waiting)
        assert self.session.deadline == (None if self.open_call is None else self.open_call.deadline)
        assert len(self.session._answers) <= REMEMBERED_ANSWERS

    @invariant()
    def no_id_is_given_twice(self) -> None:
        ids = [outgoing.message_id for outgoing in self.ended]
        assert len(ids) == len(set(ids))


TestConversation = pytest.mark.trust("A27")(pytest.mark.trust("A26")(Conversation.TestCase))
TestConversation.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


@pytest.mark.trust("A26")
def test_a_repetition_of_a_reused_id_in_work_is_not_begun_again() -> None:
    session = Session(V16, "p-")
    first = session.receive(call("1", {"a": 1}))
    assert isinstance(first, Incoming)
    session.finish(first, b'[3,"1",{}]')
    reused = session.receive(call("1", {"a": 2}))
    assert isinstance(reused, Incoming)
    assert reused.is_reused_id
    assert session.receive(call("1", {"a": 2})) == Dropped("retransmission_in_work")


def test_the_same_payload_under_another_action_is_no_repetition() -> None:
    session = Session(V16, "p-")
    first = session.receive(call("1", {}, "Heartbeat"))
    assert isinstance(first, Incoming)
    session.finish(first, b'[3,"1",{}]')
    other = session.receive(call("1", {}, "DataTransfer"))
    assert isinstance(other, Incoming)
    assert other.is_reused_id


@pytest.mark.trust("A30")
def test_what_waits_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "MAX_WAITING_IN", 5)
    session = Session(V16, "p-")
    received = [session.receive(call(str(number), {})) for number in range(8)]
    assert isinstance(received[0], Incoming)
    assert received[1:6] == [None] * 5
    assert received[6:] == [Dropped("flood")] * 2


@pytest.mark.parametrize("protocol", [V16, V201])
def test_a_send_is_of_2_1_only(protocol: Protocol) -> None:
    session = Session(protocol, "p-")
    received = session.receive(call("1", {}, "NotifyPeriodicEventStream", kind=6))
    assert not isinstance(received, Incoming)
    assert not session.is_busy


def test_a_send_is_handled_and_not_remembered() -> None:
    session = Session(V21, "p-")
    for _ in range(2):
        received = session.receive(call("1", {}, "NotifyPeriodicEventStream", kind=6))
        assert isinstance(received, Incoming)
        assert received.is_send
        assert not received.is_reused_id
        session.finish(received, b"")


def test_a_send_of_ours_goes_out_beside_an_open_call() -> None:
    session = Session(V21, "p-")
    assert session.submit(Outgoing("Reset", b"{}", 10.0), 0.0) is not None
    data = session.submit(Outgoing("NotifyWebPaymentStarted", b"{}", 10.0, is_send=True), 0.0)
    assert data is not None
    assert json.loads(data)[0] == 6


def test_a_call_result_error_ends_no_call() -> None:
    session = Session(V21, "p-")
    outgoing = Outgoing("Reset", b"{}", 10.0)
    session.submit(outgoing, 0.0)
    frame = [5, outgoing.message_id, "FormatViolation", "", {}]
    assert session.receive(json.dumps(frame).encode()) == Dropped("result_error")
    assert session.deadline is not None


def test_what_was_read_is_still_handled_after_the_end() -> None:
    session = Session(V16, "p-")
    first = session.receive(call("1", {}))
    assert session.receive(call("2", {})) is None
    list(session.close())
    assert isinstance(first, Incoming)
    session.finish(first, b"[3]")
    following = session.next_request()
    assert following is not None
    assert following.message_id == "2"


def test_ids_of_two_connections_differ() -> None:
    calls = []
    for prefix in ("a-1-", "a-2-"):
        outgoing = Outgoing("Reset", b"{}", 10.0)
        Session(V16, prefix).submit(outgoing, 0.0)
        calls.append(outgoing.message_id)
    assert len(set(calls)) == 2
