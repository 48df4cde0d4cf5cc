"""Transactions as people read them: lists, meter values, events, figures."""

import asyncio
import itertools
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from ocpp_css.charging.transactions import store
from ocpp_css.charging.transactions.errors import TransactionUnknown
from ocpp_css.charging.transactions.model import Transaction
from ocpp_css.dialects import v1x, v2x
from ocpp_css.kit.ids import parse_public
from ocpp_css.model.metering import POWER, Reading, Sample
from ocpp_css.model.token import masked
from ocpp_css.ocpp import v16, v21, v201
from ocpp_css.ocpp.faults import READ_ERRORS
from ocpp_css.ocpp.messages import Action
from ocpp_css.storage import Unit
from ocpp_css.storage.pseudonyms import resolve

NEWEST = 10
"""So many messages of a transaction are looked at for what is newest; most of them hold readings."""


async def get(unit: Unit, public_id: str) -> Transaction:
    """The transaction; TransactionUnknown where there is none."""
    number = parse_public(public_id)
    transaction = None if number is None else await store.read(unit, number)
    if transaction is None:
        raise TransactionUnknown
    return transaction


async def own(unit: Unit, person: int, public_id: str) -> Transaction:
    """A transaction of this person; TransactionUnknown for anybody else's."""
    transaction = await get(unit, public_id)
    if transaction.person_id != person:
        raise TransactionUnknown
    return transaction


async def newest(unit: Unit, limit: int, person_id: int | None = None) -> list[Transaction]:
    """The transactions that arrived last, of all or of one person, the newest first."""
    rows = await store.page(unit, {"person_id": person_id}, None, limit)
    return [store.to_transaction(row) for row in rows[:limit]]


async def names_of(unit: Unit, transactions: Sequence[Transaction], *, is_masked: bool) -> Mapping[str, str]:
    """The id tokens behind the references of transactions, or their ends."""
    names = await resolve(unit, (t.token for t in transactions if t.token is not None))
    return {reference: masked(name) for reference, name in names.items()} if is_masked else names


async def samples(unit: Unit, transaction: Transaction) -> list[Sample]:
    """Every sample of a transaction in the order of time, each once, read out of the log."""
    rows = await store.meter.messages_of(unit, transaction)
    return await asyncio.to_thread(_read_out, transaction.ocpp_version, rows)


async def newest_reading(unit: Unit, transaction: Transaction) -> Reading:
    """The newest reading: its row is up to ten seconds behind, so the newest messages are looked at too."""
    newest = await store.reading_of(unit, transaction.id)
    rows = await store.meter.messages_of(unit, transaction, limit=NEWEST, is_newest_first=True)
    read = v1x.reading if transaction.ocpp_version == "1.6" else v2x.reading
    for row in reversed(rows):
        values = _values(transaction.ocpp_version, row.action, row.payload.encode())
        newest = newest.then(read(values)) if values else newest
    return newest


def _read_out(version: str, rows: Sequence[Any]) -> list[Sample]:
    """What takes long for a long transaction, and is done beside the loop (RULES 3.7)."""
    found: list[Sample] = []
    for row in rows:
        found += _samples(version, row.action, row.payload.encode())
    unique = {(s.at, s.measurand, s.phase, s.location, s.context): s for s in found}
    return sorted(unique.values(), key=lambda sample: sample.at)


def _samples(version: str, action: str, payload: bytes) -> Iterable[Sample]:
    values = _values(version, action, payload)
    return v1x.samples(values) if version == "1.6" else v2x.samples(values)


_METERED: Mapping[tuple[str, str], tuple[Action[Any, Any], str]] = {
    ("1.6", "MeterValues"): (v16.METER_VALUES, "meter_value"),
    ("1.6", "StopTransaction"): (v16.STOP_TRANSACTION, "transaction_data"),
    ("2.0.1", "TransactionEvent"): (v201.TRANSACTION_EVENT, "meter_value"),
    ("2.0.1", "MeterValues"): (v201.METER_VALUES, "meter_value"),
    ("2.1", "TransactionEvent"): (v21.TRANSACTION_EVENT, "meter_value"),
    ("2.1", "MeterValues"): (v21.METER_VALUES, "meter_value"),
}
"""By version and action: where a message holds meter values."""


def _values(version: str, action: str, payload: bytes) -> Sequence[Any]:
    """The meter values in one logged message; one that was put right on arrival may have none that can be read."""
    found = _METERED.get((version, action))
    if found is None:
        return ()
    try:
        return getattr(found[0].decode_request(payload), found[1]) or ()
    except READ_ERRORS:
        return ()


async def events(unit: Unit, transaction: Transaction) -> list[dict[str, Any]]:
    """What came of a transaction, message by message, in the order of arrival."""
    found = []
    for row in await store.meter.messages_of(unit, transaction):
        payload = msgspec.json.decode(row.payload)
        found.append(
            {
                "at": row.at,
                "station_time": _station_time(payload),
                "action": row.action,
                "event_type": payload.get("eventType") or row.action,
                "trigger_reason": payload.get("triggerReason"),
                "seq_no": payload.get("seqNo"),
                "offline": payload.get("offline"),
                "charging_state": payload.get("transactionInfo", {}).get("chargingState"),
                "reason": payload.get("reason") or payload.get("transactionInfo", {}).get("stoppedReason"),
            }
        )
    return found


def _station_time(payload: Mapping[str, Any]) -> str | None:
    values = payload.get("meterValue")
    at = payload.get("timestamp") or (values[-1].get("timestamp") if values else None)
    return str(at) if at is not None else None


def power_of(found: Sequence[Sample]) -> list[tuple[datetime, float]]:
    """Power over time in W: as measured, else as the slope of the energy register."""
    measured = [(s.at, float(s.value)) for s in found if s.measurand == POWER and s.phase is None and _is_number(s)]
    if measured:
        return measured
    energy = energy_of(found)
    slopes = []
    for (before, first), (at, second) in itertools.pairwise(energy):
        seconds = (at - before).total_seconds()
        if seconds > 0:
            slopes.append((at, (second - first) * 3600 / seconds))
    return slopes


def energy_of(found: Sequence[Sample]) -> list[tuple[datetime, float]]:
    """The energy register over time, in Wh."""
    wanted = [s for s in found if s.measurand == "Energy.Active.Import.Register" and s.phase is None and _is_number(s)]
    return [(s.at, float(s.value)) for s in wanted]


def _is_number(sample: Sample) -> bool:
    return isinstance(sample.value, Decimal)


async def figures(unit: Unit) -> dict[str, Any]:
    """Open transactions, their power now, and today's and last week's energy: what the overview shows."""
    return await store.figures(unit)
