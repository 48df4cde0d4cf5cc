"""A 2.x transaction as the fold of its events: the same for every order in which they come (TRUST A37)."""

from itertools import pairwise
from typing import Final

import msgspec

from ocpp_css.charging.transactions.model import Doubt, Event, Heard, Transaction

REMEMBERED_DIGESTS: Final = 64
REMEMBERED_REGISTERS: Final = 16
REMEMBERED_RANGES: Final = 256
MOST_W: Final = 1_500_000
"""More than any charging point can give."""


def has_seen(transaction: Transaction, event: Event) -> bool:
    """Its sequence number came before."""
    return any(low <= event.seq_no <= high for low, high in transaction.heard.ranges)


def differs(transaction: Transaction, event: Event) -> bool:
    """The number came before and said something else, as far as is remembered."""
    digest = transaction.heard.digests.get(event.seq_no)
    return digest is not None and digest != event.digest


def fold(transaction: Transaction, event: Event) -> Transaction:
    """The transaction with one more event."""
    after = msgspec.structs.replace(transaction, **_facts(transaction, event), heard=_noted(transaction.heard, event))
    after = msgspec.structs.replace(after, doubts=doubts_of(after))
    return msgspec.structs.replace(after, state=state_of(after))


def _facts(transaction: Transaction, event: Event) -> dict[str, object]:
    """What the event changes: each fact belongs to the event with the smallest, or largest, number that tells it."""
    heard, number, facts = transaction.heard, event.seq_no, dict[str, object]()
    if event.type == "Started" and (heard.started is None or number < heard.started):
        facts["started_at"] = event.at
    if event.type == "Ended" and (heard.ended is None or number < heard.ended):
        facts |= {"stopped_at": event.at, "stop_reason": event.stop_reason or "Local"}
    if event.first_wh is not None and (heard.first_meter is None or number < heard.first_meter):
        facts["meter_start_wh"] = event.first_wh
    if event.reading.energy_wh is not None and (heard.last_meter is None or number > heard.last_meter):
        facts["meter_stop_wh"] = event.reading.energy_wh
    if event.charging_state is not None and (heard.state is None or number > heard.state):
        facts["charging_state"] = event.charging_state
    if event.evse_id is not None and (heard.place is None or number < heard.place):
        facts |= {"evse_id": event.evse_id, "connector_id": event.connector_id}
    for name in ("remote_start_id", "reservation_id"):
        told = [value for value in (getattr(transaction, name), getattr(event, name)) if value is not None]
        facts[name] = min(told, default=None)
    return facts


def _noted(heard: Heard, event: Event) -> Heard:
    number = event.seq_no
    digests = {**heard.digests, number: event.digest}
    kept = sorted(digests)[-REMEMBERED_DIGESTS:]
    registers = {**heard.registers, **_register(event)}
    newest = sorted(registers)
    return Heard(
        registers={key: registers[key] for key in newest[-REMEMBERED_REGISTERS:]},
        fell=heard.fell or any(registers[a] > registers[b] for a, b in pairwise(newest)),
        ranges=joined(heard.ranges, number),
        digests={key: digests[key] for key in kept},
        started=_least(heard.started, number, told=event.type == "Started"),
        ended=_least(heard.ended, number, told=event.type == "Ended"),
        first_meter=_least(heard.first_meter, number, told=event.first_wh is not None),
        last_meter=_most(heard.last_meter, number, told=event.reading.energy_wh is not None),
        token=_least(heard.token, number, told=event.id_token is not None),
        state=_most(heard.state, number, told=event.charging_state is not None),
        place=_least(heard.place, number, told=event.evse_id is not None),
        at=event.at if heard.at is None else max(heard.at, event.at),
        heard_at=heard.heard_at,
    )


def _register(event: Event) -> dict[int, int]:
    return {} if event.reading.energy_wh is None else {event.seq_no: event.reading.energy_wh}


def _least(before: int | None, number: int, *, told: bool) -> int | None:
    if not told:
        return before
    return number if before is None else min(before, number)


def _most(before: int | None, number: int, *, told: bool) -> int | None:
    if not told:
        return before
    return number if before is None else max(before, number)


def joined(ranges: list[tuple[int, int]], number: int) -> list[tuple[int, int]]:
    """The closed ranges with one more number; of too many the first, where it began, and the newest.

    A number in a range that is forgotten counts as missing, so the transaction stays in doubt; heard again, its event
    changes nothing.
    """
    result: list[tuple[int, int]] = []
    for low, high in sorted([*ranges, (number, number)]):
        if result and low <= result[-1][1] + 1:
            result[-1] = (result[-1][0], max(high, result[-1][1]))
        else:
            result.append((low, high))
    return result if len(result) <= REMEMBERED_RANGES else [result[0], *result[1 - REMEMBERED_RANGES :]]


def doubts_of(transaction: Transaction) -> list[Doubt]:
    """What the events in sum leave doubtful; doubts of other sources are kept."""
    heard = transaction.heard
    derived: list[Doubt] = []
    if heard.ended is not None:
        low = min(heard.started if heard.started is not None else 0, heard.ended)
        if not any(first <= low and heard.ended <= last for first, last in heard.ranges):
            derived.append("missing_events")
        if heard.started is None:
            derived.append("no_start")
        if transaction.started_at and transaction.stopped_at and transaction.stopped_at < transaction.started_at:
            derived.append("stop_before_start")
    start, stop = transaction.meter_start_wh, transaction.meter_stop_wh
    if heard.fell or (start is not None and stop is not None and stop < start):
        derived.append("meter_rollback")
    elif start is not None and stop is not None and is_too_fast(transaction, stop - start):
        derived.append("energy_implausible")
    if heard.ended is None and "never_stopped" in transaction.doubts:
        derived.append("never_stopped")
    own: set[Doubt] = {
        "never_stopped",
        "missing_events",
        "no_start",
        "stop_before_start",
        "meter_rollback",
        "energy_implausible",
    }
    return sorted({*derived, *(doubt for doubt in transaction.doubts if doubt not in own)})


def is_too_fast(transaction: Transaction, energy_wh: int) -> bool:
    """More energy from start to stop than any charging point can give."""
    if transaction.started_at is None or transaction.stopped_at is None:
        return False
    hours = max((transaction.stopped_at - transaction.started_at).total_seconds(), 1.0) / 3600
    return energy_wh > MOST_W * hours * 1.1 + 1000


def state_of(transaction: Transaction) -> str:
    """The state that the facts make."""
    if transaction.doubts and not transaction.is_settled:
        return "suspect"
    if transaction.stopped_at is not None:
        return "ended"
    is_v2x = transaction.ocpp_version != "1.6"
    return "pending" if is_v2x and transaction.heard.started is None else "active"
