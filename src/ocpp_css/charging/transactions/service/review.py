"""Doubts are settled, and stuck transactions closed, by a person who says why (RULES 4.4)."""

from datetime import datetime
from typing import Literal

import msgspec
from sqlalchemy import Row

from ocpp_css.charging.transactions import store
from ocpp_css.charging.transactions.errors import ReviewSettled, ReviewUnknown, TransactionEnded, TransactionUnknown
from ocpp_css.charging.transactions.events import TransactionStopped
from ocpp_css.charging.transactions.model import Transaction
from ocpp_css.charging.transactions.service import queries
from ocpp_css.charging.transactions.service.fold import state_of
from ocpp_css.edge.principal import person_asking
from ocpp_css.kit.errors import Fault, Invalid
from ocpp_css.kit.ids import parse_public, public
from ocpp_css.storage import Unit

Settlement = Literal["accepted", "corrected", "dismissed"]
"""`accepted`: it is right as it stands. `corrected`: with the values given. `dismissed`: nothing to do."""


class Correction(msgspec.Struct, frozen=True, kw_only=True):
    """Values that replace a transaction's doubtful ones; None leaves a value as it is. Energy in Wh."""

    started_at: datetime | None = None
    stopped_at: datetime | None = None
    meter_start_wh: int | None = None
    meter_stop_wh: int | None = None


async def settle(
    unit: Unit, review_id: str, outcome: Settlement, correction: Correction, *, by: str, reason: str
) -> Row[object]:
    """Settle an entry; its transaction is then no longer suspect."""
    number = parse_public(review_id)
    entry = None if number is None else await store.review.read(unit, number)
    if entry is None:
        raise ReviewUnknown
    if entry.settled_at is not None:
        raise ReviewSettled
    store.review.settle(unit, entry, settled_by=by, person_id=person_asking(), outcome=outcome, reason=reason)
    if entry.transaction_id is not None:
        transaction = await store.read(unit, entry.transaction_id)
        if transaction is None:
            raise TransactionUnknown
        _store(unit, transaction, _corrected(transaction, correction))
    return entry


async def close(unit: Unit, transaction: Transaction, correction: Correction) -> Transaction:
    """Close a transaction whose stop will not come, at the values given or last known; TransactionEnded else."""
    if not transaction.is_open:
        raise TransactionEnded
    newest = await queries.newest_reading(unit, transaction)
    ended = msgspec.structs.replace(
        transaction,
        stopped_at=newest.at or unit.now,
        meter_stop_wh=newest.energy_wh if newest.energy_wh is not None else transaction.meter_start_wh,
        stop_reason="ClosedByOperator",
        stop_received_at=unit.now,
    )
    return _store(unit, transaction, _corrected(ended, correction))


def _corrected(transaction: Transaction, correction: Correction) -> Transaction:
    changes = {name: value for name, value in msgspec.structs.asdict(correction).items() if value is not None}
    changed = msgspec.structs.replace(transaction, **changes, is_settled=True)
    start, stop = changed.meter_start_wh, changed.meter_stop_wh
    if changes and start is not None and stop is not None and stop < start:
        raise Invalid("The stop is below the start.", errors=[Fault("meter_stop_wh", "below meter_start_wh")])
    began, ended = changed.started_at, changed.stopped_at
    if changes.keys() & {"started_at", "stopped_at"} and began is not None and ended is not None and ended < began:
        raise Invalid("The end is before the beginning.", errors=[Fault("stopped_at", "before started_at")])
    return msgspec.structs.replace(changed, state=state_of(changed))


def _store(unit: Unit, before: Transaction, after: Transaction) -> Transaction:
    """Store, and let the gateway that holds the station read its state anew."""
    stored = store.change(unit, before, after)
    unit.tell(f"changed.{unit.tenant}", {"station": before.station_id, "state": store.CHARGING.name})
    if before.is_open and not stored.is_open:
        unit.emit(
            TransactionStopped(
                station_id=stored.station_id,
                identity="",
                transaction_id=public(stored.id),
                wire_id=stored.wire_id,
                evse_id=stored.evse_id,
                energy_wh=stored.energy_wh(),
                stop_reason=stored.stop_reason,
                state=stored.state,
            )
        )
    return stored
