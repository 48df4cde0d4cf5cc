"""The versions of OCPP over WebSocket: subprotocol, actions, what they allow."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ocpp_css.ocpp import messages as types
from ocpp_css.ocpp import v16, v21, v201


@dataclass(frozen=True, slots=True)
class Protocol:
    """One version: its name as the specification writes it, its subprotocol, its actions by name."""

    name: types.Version
    subprotocol: str
    actions: Mapping[str, types.Action[Any, Any]]
    has_send: bool = False
    """SEND and CALLRESULTERROR exist (2.1)."""

    @property
    def is_v1x(self) -> bool:
        """The words and error codes of the 1.x family."""
        return self.name == "1.6"


V16 = Protocol("1.6", "ocpp1.6", v16.ACTIONS)
V201 = Protocol("2.0.1", "ocpp2.0.1", v201.ACTIONS)
V21 = Protocol("2.1", "ocpp2.1", v21.ACTIONS, has_send=True)

PROTOCOLS: Mapping[str, Protocol] = {p.subprotocol: p for p in (V21, V201, V16)}
"""By subprotocol, the newest first."""

BY_NAME: Mapping[str, Protocol] = {p.name: p for p in PROTOCOLS.values()}
"""By version as the specification writes it."""

ALL_ACTIONS: frozenset[str] = frozenset(name for p in PROTOCOLS.values() for name in p.actions)
"""The names of every action of every version."""


def choose(offered: Sequence[str], allowed: Sequence[str] = ()) -> Protocol | None:
    """The protocol for a handshake: the first of the station's offers that we speak and `allowed` names.

    The station lists its preference first (OCPP-J 3.2); an empty `allowed` allows all.
    """
    for subprotocol in offered:
        protocol = PROTOCOLS.get(subprotocol)
        if protocol is not None and (not allowed or protocol.name in allowed):
            return protocol
    return None
