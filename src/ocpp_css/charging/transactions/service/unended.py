"""Transactions whose end nobody told, though another began at their place: a person shall know (CS-4)."""

from collections.abc import Iterable

import msgspec

from ocpp_css.charging.transactions import store
from ocpp_css.charging.transactions.model import Charging, Event, Transaction
from ocpp_css.charging.transactions.service import doubts
from ocpp_css.gateway.context import Context
from ocpp_css.storage import Unit


def on_connector(charging: Charging, new: Transaction) -> list[Transaction]:
    """The open ones of 1.6 that a start leaves behind: messages come in the order of time (1.6, 4.1)."""
    return [t for t in charging.transactions.values() if t.evse_id == new.evse_id and _is_fresh(t)]


def on_evse(context: Context, charging: Charging, new: Transaction, said: Event) -> list[Transaction]:
    """The open ones of 2.x that an event of a later transaction leaves behind.

    Events may come in any order, and those of a time without connection long after newer ones (2.x, E04). So the end
    of one that was heard on another connection may still be queued: it is doubted only when a whole later charge at
    its place was told.
    """
    if said.is_offline or new.evse_id is None:
        return []
    begun = new.started_at or said.at
    return [
        old
        for old in charging.transactions.values()
        if old.id != new.id and old.evse_id == new.evse_id and _is_fresh(old)
        if old.heard.at is None or old.heard.at <= begun
        if said.type == "Ended" or (old.heard.heard_at is not None and old.heard.heard_at >= context.connected_since)
    ]


def doubted(context: Context, charging: Charging, left: Iterable[Transaction]) -> Charging:
    """What is kept of the station with these in doubt; if an end comes all the same, the doubt is gone."""
    unit, station = context.unit, context.station
    open_ones = dict(charging.transactions)
    for transaction in left:
        doubtful = doubts.in_review(unit, station, doubts.with_doubts(transaction, ["never_stopped"]))
        open_ones[transaction.wire_id] = store.change(unit, transaction, doubtful)
        doubts.changed(unit, station, doubtful)
    return msgspec.structs.replace(charging, transactions=open_ones)


def settle_by_itself(unit: Unit, before: Transaction, after: Transaction) -> None:
    """What was missing came: the entry of review that asked for it has nothing left to ask."""
    is_answered = before.doubts and not after.doubts
    if is_answered and before.review_id is not None and not before.is_settled:
        store.review.answered(unit, before.review_id, "What was missing came later.")


def _is_fresh(transaction: Transaction) -> bool:
    return "never_stopped" not in transaction.doubts
