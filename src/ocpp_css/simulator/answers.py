"""Which function answers which action of the central system; the action pairs request and response."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from ocpp_css.ocpp.errors import CallError, code_for
from ocpp_css.ocpp.faults import READ_ERRORS, FaultKind, classify
from ocpp_css.ocpp.messages import Action, Message, Wire, encode
from ocpp_css.simulator.machine import Machine

Q = TypeVar("Q", bound=Message)
R = TypeVar("R", bound=Message)

Answer = Callable[[Machine, Q], R]
Table = Mapping[str, Callable[[Machine, Any], Message]]


class Answers:
    """The answers of one module by the name of the action.

    The answers of 2.0.1 serve 2.1 too: a request of 2.1 has all members its elder has, and what is answered is the
    same JSON. Where that does not hold, 2.1 has an answer of its own.
    """

    __slots__ = ("table",)

    def __init__(self) -> None:
        self.table: dict[str, Callable[[Machine, Any], Message]] = {}

    def on(self, action: Action[Q, R]) -> Callable[[Answer[Q, R]], Answer[Q, R]]:
        """Let the decorated function answer `action`; a wrong response does not type-check."""

        def register(answer: Answer[Q, R]) -> Answer[Q, R]:
            self.table[action.name] = answer
            return answer

        return register


def respond(machine: Machine, table: Table, name: str, payload: Wire) -> bytes | CallError:
    """The JSON of the answer, or the refusal where the request is bad or none that a station takes."""
    protocol = machine.link.protocol
    action = protocol.actions[name]
    answer = table.get(name)
    if answer is None:
        kind = FaultKind.WRONG_DIRECTION if action.origin == "station" else FaultKind.UNKNOWN_ACTION
        return CallError(code_for(kind, protocol.name), f"{name} is not answered by a station.")
    if not protocol.is_v1x and machine.registration == "Rejected":
        # 2.x B03.FR.08: nothing is done for a central system that rejected the station
        return CallError("SecurityError", "The station was rejected.")
    try:
        request = action.decode_request(payload)
    except READ_ERRORS as error:
        return CallError.of(classify(error), protocol.name)
    try:
        return encode(answer(machine, request))
    except CallError as refusal:
        return refusal
