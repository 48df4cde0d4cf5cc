"""Transactions as stations tell them: start, stop and meter values of 1.6, events of 2.x."""

import zlib
from datetime import datetime

from msgspec import UNSET, UnsetType

from ocpp_css.charging.transactions.model import Event
from ocpp_css.charging.transactions.service import numbered, sequenced
from ocpp_css.dialects import v1x, v2x
from ocpp_css.gateway.context import Context
from ocpp_css.ocpp import v16, v21, v201
from ocpp_css.ocpp.routing import Routes

routes: Routes[Context] = Routes()


@routes.on(v16.START_TRANSACTION)
async def start(context: Context, request: v16.StartTransactionRequest) -> v16.StartTransactionResponse:
    reservation = None if request.reservation_id is UNSET else request.reservation_id
    place = v1x.place(request.connector_id)
    said = numbered.Start(*place, request.id_tag, request.timestamp, request.meter_start, reservation)
    number, verdict = await numbered.start(context, said)
    return v16.StartTransactionResponse(transaction_id=number, id_tag_info=v1x.id_tag_info(verdict))


@routes.on(v16.STOP_TRANSACTION)
async def stop(context: Context, request: v16.StopTransactionRequest) -> v16.StopTransactionResponse:
    said = numbered.Stop(
        str(request.transaction_id),
        request.timestamp,
        request.meter_stop,
        request.reason or "Local",
        request.id_tag or None,
    )
    verdict = await numbered.stop(context, said)
    return v16.StopTransactionResponse(id_tag_info=UNSET if verdict is None else v1x.id_tag_info(verdict))


@routes.on(v16.METER_VALUES)
async def meter_values(context: Context, request: v16.MeterValuesRequest) -> v16.MeterValuesResponse:
    wire_id = None if request.transaction_id is UNSET else str(request.transaction_id)
    digest = _digest(request.meter_value[0].timestamp, context)
    reading = v1x.reading(request.meter_value)
    await numbered.meter_values(context, request.connector_id, wire_id, reading, digest)
    return v16.MeterValuesResponse()


@routes.on(v201.METER_VALUES)
async def meter_values_201(context: Context, request: v201.MeterValuesRequest) -> v201.MeterValuesResponse:
    await _meter_values(context, request)
    return v201.MeterValuesResponse()


@routes.on(v21.METER_VALUES)
async def meter_values_21(context: Context, request: v21.MeterValuesRequest) -> v21.MeterValuesResponse:
    await _meter_values(context, request)
    return v21.MeterValuesResponse()


async def _meter_values(context: Context, request: v201.MeterValuesRequest | v21.MeterValuesRequest) -> None:
    """Meter values of 2.x outside of a transaction (J01): kept, and linked where one is open on the EVSE."""
    digest = _digest(request.meter_value[0].timestamp, context)
    await numbered.meter_values(context, request.evse_id, None, v2x.reading(request.meter_value), digest)


@routes.on(v201.TRANSACTION_EVENT)
async def event_201(context: Context, request: v201.TransactionEventRequest) -> v201.TransactionEventResponse:
    verdict = await sequenced.event(context, _event(request))
    return v201.TransactionEventResponse(id_token_info=UNSET if verdict is None else v2x.id_token_info_201(verdict))


@routes.on(v21.TRANSACTION_EVENT)
async def event_21(context: Context, request: v21.TransactionEventRequest) -> v21.TransactionEventResponse:
    verdict = await sequenced.event(context, _event(request))
    return v21.TransactionEventResponse(id_token_info=UNSET if verdict is None else v2x.id_token_info_21(verdict))


def _event(request: v201.TransactionEventRequest | v21.TransactionEventRequest) -> Event:
    info, evse, token = request.transaction_info, request.evse, request.id_token
    values = request.meter_value or []
    marks = f"{request.event_type}|{request.timestamp}|{request.trigger_reason}|{v2x.reading(values).energy_wh}"
    return Event(
        type=request.event_type,
        wire_id=info.transaction_id,
        seq_no=request.seq_no,
        at=request.timestamp,
        trigger=request.trigger_reason,
        is_offline=request.offline is True,
        evse_id=None if isinstance(evse, UnsetType) else evse.id,
        connector_id=None if isinstance(evse, UnsetType) else evse.connector_id or None,
        id_token=None if isinstance(token, UnsetType) else token.id_token,
        token_type=None if isinstance(token, UnsetType) else token.type,
        charging_state=info.charging_state or None,
        stop_reason=info.stopped_reason or None,
        remote_start_id=None if info.remote_start_id is UNSET else info.remote_start_id,
        reservation_id=None if request.reservation_id is UNSET else request.reservation_id,
        first_wh=v2x.reading(values[:1]).energy_wh,
        reading=v2x.reading(values),
        digest=zlib.crc32(marks.encode()),
    )


def _digest(at: datetime, context: Context) -> int:
    """The meaning of meter values: the second they tell of and their content; the same only for the same message."""
    return (int(at.timestamp()) & 0x7FFFFFFF) << 32 | context.request.checksum()
