"""Transactions of 1.6: the central system numbers them; start, stop, meter values (CS-4, RULES 2.3 to 2.6)."""

from collections.abc import Sequence
from datetime import datetime
from hashlib import blake2b
from typing import NamedTuple

import msgspec

from ocpp_css.charging import tokens
from ocpp_css.charging.transactions import store
from ocpp_css.charging.transactions.events import TransactionStarted, TransactionStopped
from ocpp_css.charging.transactions.model import Charging, Doubt, Transaction
from ocpp_css.charging.transactions.service import doubts, unended
from ocpp_css.gateway.context import Context
from ocpp_css.gateway.directory import StationEntry
from ocpp_css.kit.clock import to_micros
from ocpp_css.kit.ids import permute31, public
from ocpp_css.model.metering import NO_READING, Reading
from ocpp_css.model.token import Authorization
from ocpp_css.storage import Unit

COUNTER = "transactions"
MOST_UNKNOWN = 100
"""So many entries of review a connection may cause with transactions that nobody knows."""


class Start(msgspec.Struct, frozen=True):
    """A StartTransaction in neutral words."""

    evse_id: int
    connector_id: int
    id_token: str
    at: datetime
    meter_wh: int
    reservation_id: int | None

    @property
    def key(self) -> str:
        """The meaning of the start (RULES 2.3)."""
        text = f"{self.evse_id}|{self.id_token.casefold()}|{to_micros(self.at)}|{self.meter_wh}"
        return blake2b(text.encode(), digest_size=16).hexdigest()


class Stop(msgspec.Struct, frozen=True):
    """A StopTransaction in neutral words."""

    wire_id: str
    at: datetime
    meter_wh: int
    reason: str
    id_token: str | None


class ShownToken(NamedTuple):
    """A token that starts: the verdict, the reference that stands for it, the person whose it is."""

    verdict: Authorization
    reference: str
    person_id: int | None


async def start(context: Context, said: Start) -> tuple[int, Authorization]:
    """The transaction's id and the verdict; a repeated start gets the first answer, whatever its message id."""
    unit, station, key = context.unit, context.station, said.key
    charging = await unit.state(store.CHARGING, station.station_id)
    known = next((t for t in charging.transactions.values() if t.dedupe_key == key), None)
    if known is None and unit.retry:
        known = await store.by_key(unit, station.station_id, key)
    if known is not None:
        context.transaction_id = known.id
        context.is_repeat = True
        return int(known.wire_id), _told(known.answer)
    shown = await authorize(context, said.id_token)
    transaction = await _new(context, said, shown)
    charging = unended.doubted(context, charging, unended.on_connector(charging, transaction))
    open_ones = {**charging.transactions, transaction.wire_id: transaction}
    unit.keep(store.CHARGING, station.station_id, msgspec.structs.replace(charging, transactions=open_ones))
    return int(transaction.wire_id), shown.verdict


async def authorize(context: Context, id_token: str) -> ShownToken:
    """The verdict on a token that starts, its concurrent use counted, what stands for it, and whose it is."""
    unit = context.unit
    verdict, token = await tokens.authorize(context, id_token)
    reference = context.pseudonyms.refer(unit, id_token if token is None else token.id_token)
    if verdict.is_accepted and token is not None and token.max_concurrent is not None:
        if await store.count_open(unit, reference) >= token.max_concurrent:
            verdict = msgspec.structs.replace(verdict, status="ConcurrentTx")
        else:
            tokens.claim_use(unit, token)
    return ShownToken(verdict, reference, None if token is None else token.person_id)


async def _new(context: Context, said: Start, shown: ShownToken) -> Transaction:
    unit, station = context.unit, context.station
    key = context.secrets.key(f"transaction ids of {unit.tenant}")[:32]
    transaction = Transaction(
        id=unit.new_id(),
        station_id=station.station_id,
        wire_id=str(permute31(await unit.number(COUNTER), key)),
        ocpp_version="1.6",
        evse_id=doubts.held(said.evse_id),
        connector_id=said.connector_id,
        token=shown.reference,
        person_id=shown.person_id,
        started_at=said.at,
        meter_start_wh=doubts.storable(said.meter_wh),
        authorization=shown.verdict.status,
        reservation_id=doubts.held(said.reservation_id),
        dedupe_key=said.key,
        answer=msgspec.to_builtins(shown.verdict),
        received_at=unit.now,
    )
    numbers = doubts.of_numbers(said.evse_id, said.reservation_id)
    found = [*doubts.of_clock(said.at, unit.now), *doubts.of_meter(said.meter_wh), *numbers]
    transaction = doubts.in_review(unit, station, doubts.with_doubts(transaction, found))
    store.add(unit, transaction)
    started(unit, station, transaction)
    context.transaction_id = transaction.id
    return transaction


def started(unit: Unit, station: StationEntry, transaction: Transaction) -> None:
    """Tell that a transaction began."""
    unit.emit(
        TransactionStarted(
            station_id=station.station_id,
            identity=station.identity,
            transaction_id=public(transaction.id),
            wire_id=transaction.wire_id,
            evse_id=transaction.evse_id,
            authorization=transaction.authorization,
            state=transaction.state,
        )
    )
    doubts.tell_person(unit, transaction, TransactionStarted.kind)


async def stop(context: Context, said: Stop) -> Authorization | None:
    """Store the stop; the verdict on its token, None where it names none. Answered whatever it says (1.6 4.10)."""
    unit, station = context.unit, context.station
    charging = await unit.state(store.CHARGING, station.station_id)
    transaction = charging.transactions.get(said.wire_id)
    if transaction is None:
        transaction = await store.by_wire(unit, station.station_id, said.wire_id)
    verdict = None if said.id_token is None else (await tokens.authorize(context, said.id_token))[0]
    if transaction is None:
        await _stop_of_nothing(context, charging, said)
        return verdict
    context.transaction_id = transaction.id
    if not transaction.is_open:
        return _repeated(context, transaction, said)
    _end(context, charging, transaction, said, verdict)
    return verdict


async def _stop_of_nothing(context: Context, charging: Charging, said: Stop) -> None:
    """A stop of a transaction that this station never had: for a person, once, however often it is repeated."""
    unit, station = context.unit, context.station
    mark = f"{said.wire_id}|{to_micros(said.at)}|{said.meter_wh}"
    if mark in charging.unknown:
        context.is_repeat = True
    elif len(charging.unknown) < MOST_UNKNOWN:
        detail = {"meter_stop_wh": said.meter_wh, "stopped_at": said.at, "reason": said.reason}
        await doubts.unknown(unit, station, said.wire_id, "unknown_stop", detail)
        unknown = charging.unknown | {mark}
        unit.keep(store.CHARGING, station.station_id, msgspec.structs.replace(charging, unknown=unknown))


def _end(
    context: Context, charging: Charging, transaction: Transaction, said: Stop, verdict: Authorization | None
) -> None:
    unit, station = context.unit, context.station
    ended = msgspec.structs.replace(
        transaction,
        stopped_at=said.at,
        meter_stop_wh=doubts.storable(said.meter_wh),
        stop_reason=said.reason,
        stop_answer=None if verdict is None else msgspec.to_builtins(verdict),
        stop_received_at=unit.now,
        doubts=[doubt for doubt in transaction.doubts if doubt != "never_stopped"],
    )
    found = [*doubts.of_stop(ended), *doubts.of_clock(said.at, unit.now), *doubts.of_meter(said.meter_wh)]
    ended = doubts.in_review(unit, station, doubts.with_doubts(ended, found))
    store.change(unit, transaction, ended)
    unended.settle_by_itself(unit, transaction, ended)
    forget(unit, station, charging, transaction)
    stopped(unit, station, ended)


def forget(unit: Unit, station: StationEntry, charging: Charging, transaction: Transaction) -> None:
    """The transaction is not among the open ones any more."""
    left = {wire_id: t for wire_id, t in charging.transactions.items() if wire_id != transaction.wire_id}
    readings = {number: reading for number, reading in charging.readings.items() if number != transaction.id}
    unit.keep(
        store.CHARGING,
        station.station_id,
        msgspec.structs.replace(charging, transactions=left, readings=readings),
    )


def stopped(unit: Unit, station: StationEntry, transaction: Transaction) -> None:
    """Tell that a transaction ended."""
    unit.emit(
        TransactionStopped(
            station_id=station.station_id,
            identity=station.identity,
            transaction_id=public(transaction.id),
            wire_id=transaction.wire_id,
            evse_id=transaction.evse_id,
            energy_wh=transaction.energy_wh(),
            stop_reason=transaction.stop_reason,
            state=transaction.state,
        )
    )
    doubts.tell_person(unit, transaction, TransactionStopped.kind)


def _repeated(context: Context, transaction: Transaction, said: Stop) -> Authorization | None:
    """The same stop again gets the first answer; one that says something else is for a person (TRUST A35)."""
    unit, station = context.unit, context.station
    if (transaction.meter_stop_wh, transaction.stopped_at) == (doubts.storable(said.meter_wh), said.at):
        context.is_repeat = True
    elif "stop_differs" not in transaction.doubts:
        doubtful = doubts.in_review(unit, station, doubts.with_doubts(transaction, ["stop_differs"]))
        store.change(unit, transaction, doubtful)
        doubts.changed(unit, station, doubtful)
    return None if transaction.stop_answer is None else _told(transaction.stop_answer)


def _told(answer: dict[str, object] | None) -> Authorization:
    return msgspec.convert(answer, Authorization) if answer is not None else Authorization("Invalid")


async def meter_values(context: Context, evse_id: int, wire_id: str | None, reading: Reading, digest: int) -> None:
    """One row: the message itself. The newest reading goes into memory, a meter that runs backwards to a person."""
    unit, station = context.unit, context.station
    charging = unit.held(store.CHARGING)
    if charging is None:
        charging = await unit.state(store.CHARGING, station.station_id)
    if digest in charging.digests:
        context.is_repeat = True
        return
    context.digest = digest
    transaction = charging.transactions.get(wire_id) if wire_id is not None else _only_one(charging, evse_id)
    if transaction is None and wire_id is not None and wire_id not in charging.unknown:
        transaction = await store.by_wire(unit, station.station_id, wire_id)
    digests = store.remembered(charging.digests, digest)
    charging = Charging(charging.transactions, charging.readings, digests, charging.unknown)
    if transaction is not None:
        context.transaction_id = transaction.id
        charging = note(context, charging, transaction, reading)
    elif wire_id is not None and wire_id not in charging.unknown and len(charging.unknown) < MOST_UNKNOWN:
        await doubts.unknown(unit, station, wire_id, "unknown_meter_values", {"evse_id": evse_id})
        charging = msgspec.structs.replace(charging, unknown=charging.unknown | {wire_id})
    unit.keep(store.CHARGING, station.station_id, charging)


def _only_one(charging: Charging, evse_id: int) -> Transaction | None:
    """Where no id is told, the only open transaction on that connector is meant."""
    on_place = [t for t in charging.transactions.values() if t.evse_id == evse_id]
    return on_place[0] if len(on_place) == 1 else None


def note(context: Context, charging: Charging, transaction: Transaction, reading: Reading) -> Charging:
    """The newest reading of an open transaction, in memory and soon in its row; told to who watches."""
    unit, station = context.unit, context.station
    if transaction.stopped_at is not None:
        return charging
    before = charging.readings.get(transaction.id, NO_READING)
    newest = before.then(reading)
    if newest is before:
        return charging
    store.note_reading(unit, transaction.id, newest)
    topic = f"readings.{unit.tenant}"
    if unit.is_watched(topic):
        unit.tell(topic, told(station, transaction, newest))
    if transaction.person_id is not None:
        doubts.tell_person(unit, transaction, "transaction.reading")
    readings = {**charging.readings, transaction.id: newest}
    charging = Charging(charging.transactions, readings, charging.digests, charging.unknown)
    if reading.energy_wh is not None and (found := _doubts_of(transaction, reading.energy_wh, before)):
        doubtful = doubts.in_review(unit, station, doubts.with_doubts(transaction, found))
        stored = store.change(unit, transaction, doubtful)
        doubts.changed(unit, station, stored)
        transactions = {**charging.transactions, stored.wire_id: stored}
        charging = msgspec.structs.replace(charging, transactions=transactions)
    return charging


def _doubts_of(transaction: Transaction, energy_wh: int, before: Reading) -> Sequence[Doubt]:
    """New doubts about the register of a 1.6 transaction; those of 2.x come out of the fold of its events."""
    least_wh = max(before.energy_wh or 0, transaction.meter_start_wh or 0)
    if transaction.ocpp_version != "1.6" or least_wh <= energy_wh < doubts.MOST_WH:
        return ()
    found = doubts.of_meter(energy_wh)
    if energy_wh < least_wh:
        found.append("meter_rollback")
    return [doubt for doubt in found if doubt not in transaction.doubts]


def told(station: StationEntry, transaction: Transaction, reading: Reading) -> dict[str, object]:
    """A reading as a live watcher gets it."""
    return {
        "station_id": station.station_id,
        "identity": station.identity,
        "transaction_id": public(transaction.id),
        "energy_wh": transaction.energy_wh(reading.energy_wh),
        "power_w": reading.power_w,
        "soc_percent": reading.soc_percent,
    }
