"""Transactions of 2.x: the station numbers them and their events; any order ends in the same state (CS-4)."""

import msgspec

from ocpp_css.charging import tokens
from ocpp_css.charging.transactions import store
from ocpp_css.charging.transactions.model import Charging, Event, Transaction
from ocpp_css.charging.transactions.service import doubts, fold, numbered, unended
from ocpp_css.gateway.context import Context
from ocpp_css.model.token import Authorization


async def event(context: Context, said: Event) -> Authorization | None:
    """Store one event; the verdict on its token, None where it names none (E01.FR.12)."""
    unit, station = context.unit, context.station
    charging = await unit.state(store.CHARGING, station.station_id)
    beyond = doubts.of_numbers(said.evse_id, said.connector_id, said.remote_start_id, said.reservation_id)
    said = doubts.fitted(said) if beyond else said
    before = charging.transactions.get(said.wire_id)
    if before is None and (said.type != "Started" or unit.retry):
        before = await store.by_wire(unit, station.station_id, said.wire_id)
    if before is not None and fold.has_seen(before, said):
        return await _repeated(context, before, said)
    verdict, shown = await _verdict(context, before, said)
    after = fold.fold(before or _new(context, said), said)
    if not said.is_offline:
        after = msgspec.structs.replace(after, heard=msgspec.structs.replace(after.heard, heard_at=context.at))
    if shown is not None:
        after = _with_token(after, said, shown)
    registers = [wh for wh in (said.first_wh, said.reading.energy_wh) if wh is not None]
    absurd = [doubt for wh in registers for doubt in doubts.of_meter(wh)] + beyond
    after = doubts.with_doubts(after, [*doubts.of_clock(said.at, unit.now), *absurd])
    after = doubts.in_review(unit, station, after)
    charging = unended.doubted(context, charging, unended.on_evse(context, charging, after, said))
    _store(context, charging, before, after, said)
    return verdict


def _new(context: Context, said: Event) -> Transaction:
    return Transaction(
        id=context.unit.new_id(),
        station_id=context.station.station_id,
        wire_id=said.wire_id,
        ocpp_version=context.protocol.name,
        dedupe_key=said.wire_id,
        received_at=context.at,
    )


async def _verdict(
    context: Context, before: Transaction | None, said: Event
) -> tuple[Authorization | None, numbered.ShownToken | None]:
    """What to tell of the event's token, and the token where it is a new one of the transaction; one that was told
    before gets the same again.
    """
    if said.id_token is None:
        return None, None
    if said.token_type == tokens.NO_AUTHORIZATION:
        return Authorization("Accepted"), None
    token = await tokens.find(context.unit, said.id_token)
    spelled = said.id_token if token is None else token.id_token
    reference = context.pseudonyms.reference(context.unit.tenant, spelled)
    if before is not None and before.answer is not None and before.token == reference:
        return msgspec.convert(before.answer, Authorization), None
    if before is not None and before.token is not None and said.type == "Ended":
        return (await tokens.authorize(context, said.id_token))[0], None
    shown = await numbered.authorize(context, said.id_token)
    return shown.verdict, shown


def _with_token(after: Transaction, said: Event, shown: numbered.ShownToken) -> Transaction:
    """The token of the transaction is the one its earliest event names."""
    if after.token is not None and after.heard.token != said.seq_no:
        return after
    return msgspec.structs.replace(
        after,
        token=shown.reference,
        person_id=shown.person_id,
        token_type=said.token_type,
        authorization=shown.verdict.status,
        answer=msgspec.to_builtins(shown.verdict),
    )


async def _repeated(context: Context, transaction: Transaction, said: Event) -> Authorization | None:
    """A number that came before: the first answer again; other content is for a person (TRUST A37, A40)."""
    unit, station = context.unit, context.station
    context.transaction_id = transaction.id
    if not fold.differs(transaction, said):
        context.is_repeat = True
    elif "event_differs" not in transaction.doubts:
        doubtful = doubts.in_review(unit, station, doubts.with_doubts(transaction, ["event_differs"]))
        stored = store.change(unit, transaction, doubtful)
        doubts.changed(unit, station, stored)
        charging = await unit.state(store.CHARGING, station.station_id)
        if stored.is_open:
            transactions = {**charging.transactions, stored.wire_id: stored}
            unit.keep(store.CHARGING, station.station_id, msgspec.structs.replace(charging, transactions=transactions))
    if said.id_token is None:
        return None
    if transaction.answer is not None:
        return msgspec.convert(transaction.answer, Authorization)
    return (await tokens.authorize(context, said.id_token))[0]


def _store(context: Context, charging: Charging, before: Transaction | None, after: Transaction, said: Event) -> None:
    unit, station = context.unit, context.station
    context.transaction_id = after.id
    if said.type == "Ended":
        after = msgspec.structs.replace(after, stop_received_at=unit.now)
    if before is None:
        store.add(unit, after)
        numbered.started(unit, station, after)
    else:
        unended.settle_by_itself(unit, before, after)
        after = store.change(unit, before, after)
        if before.is_open and (before.state, before.charging_state) != (after.state, after.charging_state):
            doubts.changed(unit, station, after)
    if not after.is_open:
        numbered.forget(unit, station, charging, after)
        if before is None or before.is_open:
            numbered.stopped(unit, station, after)
        return
    charging = msgspec.structs.replace(charging, transactions={**charging.transactions, after.wire_id: after})
    if said.reading.at is not None:
        charging = numbered.note(context, charging, after, said.reading)
    unit.keep(store.CHARGING, station.station_id, charging)
