"""Transactions and review entries as people and programs are told of them."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from ocpp_css.charging import stations
from ocpp_css.charging.transactions import store
from ocpp_css.charging.transactions.model import Transaction, TransactionState
from ocpp_css.charging.transactions.service import queries
from ocpp_css.edge.principal import Principal
from ocpp_css.kit.ids import public
from ocpp_css.model.metering import Reading
from ocpp_css.storage import Unit
from ocpp_css.storage.pseudonyms import MARK, Pseudonyms


class TransactionShown(msgspec.Struct, frozen=True, kw_only=True):
    """A transaction as the interface tells it; energies in Wh, `power_w` and `soc_percent` as last read."""

    id: str
    transaction_id: str
    station: str
    ocpp_version: str
    evse_id: int | None
    connector_id: int | None
    id_token: str | None
    started_at: datetime | None
    stopped_at: datetime | None
    meter_start_wh: int | None
    meter_stop_wh: int | None
    energy_wh: int | None
    power_w: int | None
    soc_percent: int | None
    stop_reason: str | None
    state: TransactionState
    charging_state: str | None
    authorization: str | None
    doubts: list[str]
    total_cost: str | None
    received_at: datetime


def shown(transaction: Transaction, reading: Reading, identity: str, names: Mapping[str, str]) -> TransactionShown:
    """The transaction with its station's identity and its token; a token that was erased is absent."""
    token = transaction.token
    return TransactionShown(
        id=public(transaction.id),
        transaction_id=transaction.wire_id,
        station=identity,
        ocpp_version=transaction.ocpp_version,
        evse_id=transaction.evse_id,
        connector_id=transaction.connector_id,
        id_token=None if token is None else names.get(token),
        started_at=transaction.started_at,
        stopped_at=transaction.stopped_at,
        meter_start_wh=transaction.meter_start_wh,
        meter_stop_wh=None if transaction.is_open else transaction.meter_stop_wh,
        energy_wh=transaction.energy_wh(reading.energy_wh),
        power_w=reading.power_w if transaction.is_open else None,
        soc_percent=reading.soc_percent,
        stop_reason=transaction.stop_reason,
        state=transaction.state,
        charging_state=transaction.charging_state,
        authorization=transaction.authorization,
        doubts=list(transaction.doubts),
        total_cost=None,
        received_at=transaction.received_at,
    )


def masks_tokens(reader: Principal) -> bool:
    """Whether this reader of the account's transactions is told the ends of their id tokens alone."""
    return not reader.may("tokens:read")


async def shown_rows(unit: Unit, rows: Iterable[Any], *, is_masked: bool) -> list[TransactionShown]:
    """The rows of a page, with identities and tokens read in one go; for `is_masked` see `masks_tokens`."""
    pairs = [(store.to_transaction(row), store.to_reading(row)) for row in rows]
    names = await queries.names_of(unit, [transaction for transaction, _ in pairs], is_masked=is_masked)
    identities = await stations.identities(unit, (transaction.station_id for transaction, _ in pairs))
    return [shown(t, reading, identities.get(t.station_id, ""), names) for t, reading in pairs]


async def shown_one(unit: Unit, transaction: Transaction, *, is_masked: bool) -> TransactionShown:
    """One transaction; for `is_masked` see `masks_tokens`."""
    names = await queries.names_of(unit, [transaction], is_masked=is_masked)
    identities = await stations.identities(unit, [transaction.station_id])
    reading = await queries.newest_reading(unit, transaction)
    return shown(transaction, reading, identities.get(transaction.station_id, ""), names)


async def filters_of(unit: Unit, pseudonyms: Pseudonyms, given: dict[str, Any]) -> dict[str, Any]:
    """What the interface's filters mean in the table; an unknown station or token finds nothing."""
    filters = {name: given[name] for name in ("state", "since", "until", "search") if given.get(name) is not None}
    if given.get("station") is not None:
        filters["station_id"] = (await stations.get(unit, given["station"])).station_id
    if given.get("id_token") is not None:
        filters["token"] = pseudonyms.reference(unit.tenant, given["id_token"])
    if "search" in filters:
        filters["stations"] = await stations.numbers_matching(unit, filters["search"])
    return filters


class ReviewShown(msgspec.Struct, frozen=True, kw_only=True):
    """Something doubtful, and what became of it."""

    id: str
    kind: str
    station: str
    transaction_id: str | None
    subject: str | None
    detail: dict[str, Any]
    created_at: datetime
    settled_at: datetime | None
    settled_by: str | None
    outcome: str | None
    reason: str | None


async def shown_reviews(unit: Unit, rows: Iterable[Any]) -> list[ReviewShown]:
    """Review entries with their stations' identities."""
    entries = list(rows)
    names = await stations.identities(unit, (row.station_id for row in entries))
    return [
        ReviewShown(
            id=public(row.id),
            kind=row.kind,
            station=names.get(row.station_id, ""),
            transaction_id=None if row.transaction_id is None else public(row.transaction_id),
            subject=None if row.subject is None or row.subject.startswith(MARK) else row.subject,
            detail=row.detail,
            created_at=row.created_at,
            settled_at=row.settled_at,
            settled_by=row.settled_by,
            outcome=row.outcome,
            reason=row.reason,
        )
        for row in entries
    ]
