"""What makes a transaction doubtful, and how the doubt reaches a person."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from ocpp_css.charging.transactions import store
from ocpp_css.charging.transactions.events import ReviewOpened, TransactionChanged
from ocpp_css.charging.transactions.model import Doubt, Event, Transaction
from ocpp_css.charging.transactions.service.fold import is_too_fast, state_of
from ocpp_css.gateway.directory import StationEntry
from ocpp_css.kit.ids import LARGEST, public
from ocpp_css.storage import Unit

CLOCK_TOLERANCE: Final = timedelta(minutes=5)
"""A station's clock may run ahead by so much (TRUST A41)."""

OLDEST: Final = timedelta(days=30)
"""Queued messages may be so old; what is older has a wrong clock."""

MOST_WH: Final = 10**12
MOST_STORED_WH: Final = 10**15


def of_clock(at: datetime, now: datetime) -> list[Doubt]:
    """A time in the future, or long past."""
    if at > now + CLOCK_TOLERANCE:
        return ["clock_ahead"]
    return ["clock_behind"] if at < now - OLDEST else []


def of_meter(reading_wh: int) -> list[Doubt]:
    """A register no meter shows."""
    return [] if 0 <= reading_wh < MOST_WH else ["meter_absurd"]


def storable(reading_wh: int) -> int:
    """A register cut to what a column holds; the log keeps what was said, and `of_meter` doubts it."""
    return max(-MOST_STORED_WH, min(reading_wh, MOST_STORED_WH))


def of_numbers(*numbers: int | None) -> list[Doubt]:
    """A number of a place or a request beyond what a column holds: OCPP names no largest."""
    return ["number_absurd"] if any(_is_beyond(number) for number in numbers) else []


def held(number: int | None) -> int | None:
    """The number cut to what a column holds; the log keeps what was said, and `of_numbers` doubts it."""
    return number if number is None else max(-LARGEST, min(number, LARGEST))


def fitted(said: Event) -> Event:
    """The event with all its numbers cut to what columns hold."""
    names = ("evse_id", "connector_id", "remote_start_id", "reservation_id")
    return msgspec.structs.replace(said, **{name: held(getattr(said, name)) for name in names})


def _is_beyond(number: int | None) -> bool:
    return number is not None and not -LARGEST <= number <= LARGEST


def of_stop(transaction: Transaction) -> list[Doubt]:
    """What start and stop say together."""
    found: list[Doubt] = []
    start, stop = transaction.meter_start_wh, transaction.meter_stop_wh
    if start is not None and stop is not None:
        if stop < start:
            found.append("meter_rollback")
        elif is_too_fast(transaction, stop - start):
            found.append("energy_implausible")
    if transaction.started_at and transaction.stopped_at and transaction.stopped_at < transaction.started_at:
        found.append("stop_before_start")
    return found


def with_doubts(transaction: Transaction, more: Sequence[Doubt]) -> Transaction:
    """The transaction with these doubts too, and the state they make; new doubts open a settled case again."""
    fresh = [doubt for doubt in more if doubt not in transaction.doubts]
    if fresh:
        transaction = msgspec.structs.replace(
            transaction, doubts=sorted({*transaction.doubts, *fresh}), is_settled=False, review_id=None
        )
    return msgspec.structs.replace(transaction, state=state_of(transaction))


def in_review(unit: Unit, station: StationEntry, transaction: Transaction) -> Transaction:
    """Open the entry of a doubtful transaction, once; a transaction without doubt is given back as it is."""
    if not transaction.doubts or transaction.is_settled or transaction.review_id is not None:
        return transaction
    detail = {"doubts": transaction.doubts}
    number = store.review.open_entry(
        unit,
        station.station_id,
        "transaction",
        detail,
        transaction_id=transaction.id,
        subject=transaction.wire_id,
    )
    unit.emit(
        ReviewOpened(
            station_id=station.station_id,
            identity=station.identity,
            review_id=public(number),
            reason=",".join(transaction.doubts),
        )
    )
    return msgspec.structs.replace(transaction, review_id=number)


def changed(unit: Unit, station: StationEntry, transaction: Transaction) -> None:
    """Tell that a transaction has a new state."""
    unit.emit(
        TransactionChanged(
            station_id=station.station_id,
            identity=station.identity,
            transaction_id=public(transaction.id),
            wire_id=transaction.wire_id,
            state=transaction.state,
            charging_state=transaction.charging_state,
            doubts=list(transaction.doubts),
        )
    )
    tell_person(unit, transaction, TransactionChanged.kind)


def tell_person(unit: Unit, transaction: Transaction, kind: str) -> None:
    """Tell the person who charges, if they look now, that there is something new of their transaction."""
    if transaction.person_id is None:
        return
    topic = f"charging.{unit.tenant}.{transaction.person_id}"
    if unit.is_watched(topic):
        unit.tell(topic, {"kind": kind, "transaction_id": public(transaction.id)})


async def unknown(unit: Unit, station: StationEntry, subject: str, kind: str, detail: dict[str, object]) -> None:
    """A message about a transaction that this station does not have: kept for a person, once, and answered."""
    if await store.review.stands(unit, station.station_id, kind, subject, detail):
        return
    number = store.review.open_entry(unit, station.station_id, kind, detail, subject=subject)
    unit.emit(
        ReviewOpened(station_id=station.station_id, identity=station.identity, review_id=public(number), reason=kind)
    )
