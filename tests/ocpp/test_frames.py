"""Frames: whatever the bytes, one frame or the fault of RULES 2.2, and the version's own error code for it."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ocpp_css.ocpp import frames
from ocpp_css.ocpp.frames import Failure, Frame, Malformed, Request, Result
from ocpp_css.ocpp.session import Dropped, Reply, Session
from ocpp_css.ocpp.versions import BY_NAME

VERSIONS = ("1.6", "2.0.1", "2.1")

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
frame_like = st.lists(
    st.sampled_from([2, 3, 4, 5, 6, 0, "2", 2.0, True, None, "id", "", "x" * 37, {}, []]) | json_values
)
torn = st.builds(lambda value, cut: json.dumps(value).encode()[:cut], frame_like, st.integers(0, 80))


@pytest.mark.trust("A25")
@given(st.binary() | frame_like.map(lambda value: json.dumps(value).encode()) | torn)
@example(b"[" * 100_000)
@example(b'[2,"a","A",' + b"[" * 100_000 + b"]" * 100_000 + b"]")
@example(b"[" + b"1" * 1_000_000 + b',"a","A",{}]')
@example(b'[1e999999,"a","A",{}]')
@example(b'[2,"a","A",NaN]')
@example(b'\xef\xbb\xbf[2,"a","A",{}]')
@example(b'[2,"\\ud800","A",{}]')
@example(b'[2,"a\\u0000","A",{}]')
@example(b"")
@example(b"\x00")
def test_no_bytes_make_parsing_fail(data: bytes) -> None:
    for version in VERSIONS:
        has_send = BY_NAME[version].has_send
        assert isinstance(frames.parse(data, has_send=has_send), Request | Result | Failure | Malformed)
        received = Session(BY_NAME[version], "p-").receive(data)
        if isinstance(received, Reply):
            kind, message_id, code, description, details = json.loads(received.data)
            assert kind == frames.CALLERROR
            assert isinstance(message_id, str)
            assert code
            assert len(description) <= 255
            assert details == {}


def of(frame: Any, *, has_send: bool = True) -> Frame:
    return frames.parse(json.dumps(frame).encode(), has_send=has_send)


def test_every_type_is_read_as_what_it_is() -> None:
    call = of([2, "1", "Heartbeat", {}])
    assert isinstance(call, Request)
    assert (call.type, call.message_id, call.action, bytes(call.payload)) == (2, "1", "Heartbeat", b"{}")
    assert of([3, "1", {}]) == Result("1", of([3, "1", {}]).payload)  # type: ignore[union-attr]
    assert of([4, "1", "GenericError", "text", {"a": 1}]) == Failure("1", "GenericError", "text", {"a": 1}, False)
    assert of([5, "1", "FormatViolation", "text", {}]) == Failure("1", "FormatViolation", "text", {}, True)
    send = of([6, "1", "NotifyPeriodicEventStream", {}])
    assert isinstance(send, Request)
    assert send.type == frames.SEND


@pytest.mark.parametrize("kind", [5, 6])
def test_the_types_of_2_1_are_unknown_to_the_others(kind: int) -> None:
    frame = [kind, "1", "A", {}] if kind == 6 else [kind, "1", "GenericError", "", {}]
    assert isinstance(of(frame, has_send=False), Malformed)
    assert not isinstance(of(frame), Malformed)


def test_a_call_error_may_lack_its_description_and_details() -> None:
    assert of([4, "1", "GenericError"]) == Failure("1", "GenericError", "", {}, False)
    assert of([4, "1", "GenericError", None]) == Failure("1", "GenericError", "", {}, False)
    assert of([4, "1", 7, 8, [9]]) == Failure("1", "7", "8", {}, False)


# What stands in the table of RULES 2.2: the fault, and what each version answers. None: dropped and counted.
FAULTS: list[tuple[str, Any, dict[str, tuple[str, str] | None]]] = [
    ("not JSON", b"{not json", {"1.6": None, "2.0.1": ("-1", "RpcFrameworkError"), "2.1": ("-1", "RpcFrameworkError")}),
    ("not an array", {"a": 1}, {"1.6": None, "2.0.1": ("-1", "RpcFrameworkError"), "2.1": ("-1", "RpcFrameworkError")}),
    ("empty array", [], {"1.6": None, "2.0.1": ("-1", "RpcFrameworkError"), "2.1": ("-1", "RpcFrameworkError")}),
    (
        "wrong arity, id readable",
        [2, "id", "Heartbeat"],
        {"1.6": ("id", "FormationViolation"), "2.0.1": ("id", "RpcFrameworkError"), "2.1": ("id", "RpcFrameworkError")},
    ),
    (
        "too many elements",
        [2, "id", "Heartbeat", {}, {}],
        {"1.6": ("id", "FormationViolation"), "2.0.1": ("id", "RpcFrameworkError"), "2.1": ("id", "RpcFrameworkError")},
    ),
    (
        "action is no text",
        [2, "id", 5, {}],
        {"1.6": ("id", "FormationViolation"), "2.0.1": ("id", "RpcFrameworkError"), "2.1": ("id", "RpcFrameworkError")},
    ),
    *(
        (
            f"type {kind!r}",
            [kind, "id", "Heartbeat", {}],
            {
                "1.6": None,
                "2.0.1": ("id", "MessageTypeNotSupported"),
                "2.1": ("id", "MessageTypeNotSupported"),
            },
        )
        for kind in (0, 1, 7, 99, -2, "2", 2.0, True, None, [2])
    ),
    (
        "SEND",
        [6, "id", "Heartbeat"],
        {"1.6": None, "2.0.1": ("id", "MessageTypeNotSupported"), "2.1": ("id", "RpcFrameworkError")},
    ),
    (
        "CALLRESULTERROR",
        [5, "id", "GenericError", "", {}],
        {"1.6": None, "2.0.1": ("id", "MessageTypeNotSupported"), "2.1": None},
    ),
    (
        "message id missing",
        [2],
        {"1.6": ("-1", "FormationViolation"), "2.0.1": ("-1", "RpcFrameworkError"), "2.1": ("-1", "RpcFrameworkError")},
    ),
    (
        "message id is a number",
        [2, 17, "Heartbeat", {}],
        {"1.6": ("-1", "FormationViolation"), "2.0.1": ("-1", "RpcFrameworkError"), "2.1": ("-1", "RpcFrameworkError")},
    ),
    (
        "message id is empty",
        [2, "", "Heartbeat", {}],
        {"1.6": ("-1", "FormationViolation"), "2.0.1": ("-1", "RpcFrameworkError"), "2.1": ("-1", "RpcFrameworkError")},
    ),
    (
        "message id of 37 characters",
        [2, "x" * 37, "Heartbeat", {}],
        {
            "1.6": ("x" * 37, "FormationViolation"),
            "2.0.1": ("x" * 37, "RpcFrameworkError"),
            "2.1": ("x" * 37, "RpcFrameworkError"),
        },
    ),
    (
        "message id of a megabyte",
        [2, "x" * 1_000_000, "Heartbeat", {}],
        {"1.6": ("-1", "FormationViolation"), "2.0.1": ("-1", "RpcFrameworkError"), "2.1": ("-1", "RpcFrameworkError")},
    ),
]


@pytest.mark.trust("A25")
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("name", "frame", "answers"), FAULTS, ids=[fault[0] for fault in FAULTS])
def test_each_fault_of_a_frame_gets_its_code(
    name: str, frame: Any, answers: dict[str, tuple[str, str] | None], version: str
) -> None:
    data = frame if isinstance(frame, bytes) else json.dumps(frame).encode()
    received = Session(BY_NAME[version], "p-").receive(data)
    if answers[version] is None:
        assert isinstance(received, Dropped), name
    else:
        assert isinstance(received, Reply), name
        kind, message_id, code, _, details = json.loads(received.data)
        assert (kind, (message_id, code), details) == (4, answers[version], {})


@given(st.text(st.characters(exclude_characters="\0"), min_size=1, max_size=36), json_values)
def test_what_is_written_is_read_again(message_id: str, value: Any) -> None:
    payload = json.dumps({"a": value}, allow_nan=False, default=str).encode() if _finite(value) else b"{}"
    try:
        message_id.encode()
    except UnicodeEncodeError:
        return
    answer = frames.parse(frames.result(message_id, payload))
    assert isinstance(answer, Result)
    assert (answer.message_id, bytes(answer.payload)) == (message_id, payload)
    failed = frames.parse(frames.error(message_id, "GenericError", "d" * 300, {"a": 1}))
    assert failed == Failure(message_id, "GenericError", "d" * 255, {"a": 1}, False)
    broken = frames.parse(frames.result_error(message_id, "FormatViolation", "d"))
    assert broken == Failure(message_id, "FormatViolation", "d", {}, True)


def _finite(value: Any) -> bool:
    try:
        json.dumps(value, allow_nan=False)
    except ValueError:
        return False
    return "\\ud" not in json.dumps(value)


def test_a_call_and_a_send_are_written_compactly() -> None:
    assert frames.call("a-1", "Reset", b'{"type":"Hard"}') == b'[2,"a-1","Reset",{"type":"Hard"}]'
    assert frames.send("a-1", "NotifyPeriodicEventStream", b"{}") == b'[6,"a-1","NotifyPeriodicEventStream",{}]'
