"""What goes wrong in the field, on purpose: lost sockets, doubled messages, slow answers, wrong clocks, bad frames."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from ocpp_css.simulator import metering
from ocpp_css.simulator.machine import Machine

Bad: TypeAlias = Literal["text", "object", "arity", "type", "action", "payload", "long-id"]


@dataclass(frozen=True, slots=True)
class Drop:
    """Lose the socket without a close frame, by chance where `probability` is below 1."""

    probability: float = 1.0


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Send the next `count` calls twice, with one id."""

    count: int = 1


@dataclass(frozen=True, slots=True)
class Slow:
    """Let the next `count` answers wait for `seconds`."""

    seconds: float
    count: int = 1


@dataclass(frozen=True, slots=True)
class Clock:
    """Let the clock be wrong by so many seconds from now on; 0 puts it right."""

    offset_s: float


@dataclass(frozen=True, slots=True)
class Rollback:
    """Turn the meter of an EVSE back."""

    evse: int
    energy_wh: float


@dataclass(frozen=True, slots=True)
class Garbage:
    """Send a message that is none; without a kind, any."""

    kind: Bad | None = None


Trouble: TypeAlias = Drop | Duplicate | Slow | Clock | Rollback | Garbage


def play(machine: Machine, trouble: Trouble) -> None:
    """Do it."""
    link = machine.link
    match trouble:
        case Drop(probability=probability):
            if machine.rng.random() < probability:
                link.hang_up(1006, is_abrupt=True)
        case Duplicate(count):
            link.duplicates += count
        case Slow(seconds, count):
            link.slow_s, link.slow_answers = seconds, count
        case Clock(offset_s):
            machine.clock_offset_s = offset_s
        case Rollback(number, energy_wh):
            evse = machine.evses[number]
            metering.advance(machine, evse)
            evse.meter.register_wh = max(0.0, evse.meter.register_wh - energy_wh)
        case Garbage():
            link.send_raw(_garbage(machine, trouble.kind), machine.now)


def _garbage(machine: Machine, kind: Bad | None) -> bytes:
    key = f"bad-{machine.rng.getrandbits(32):08x}"
    return (_BAD[kind] if kind is not None else machine.rng.choice(tuple(_BAD.values()))).replace(b"KEY", key.encode())


_BAD: Final[Mapping[Bad, bytes]] = {
    "text": b"this is no JSON",
    "object": b'{"action":"Heartbeat"}',
    "arity": b'[2,"KEY","Heartbeat"]',
    "type": b'[9,"KEY","Heartbeat",{}]',
    "action": b'[2,"KEY","NoSuchAction",{}]',
    "payload": b'[2,"KEY","StatusNotification",{"connectorId":"one"}]',
    "long-id": b'[2,"KEY-KEY-KEY","Heartbeat",{}]',
}
