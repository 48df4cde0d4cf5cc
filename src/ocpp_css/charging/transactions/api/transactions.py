"""The account's transactions and its review over REST."""

from collections.abc import AsyncIterator
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from litestar.response import Stream
from msgspec import Meta

from ocpp_css.charging import commands as commanding
from ocpp_css.charging import stations
from ocpp_css.charging.transactions import store
from ocpp_css.charging.transactions.model import Transaction, TransactionState
from ocpp_css.charging.transactions.service import queries, review, stopping
from ocpp_css.charging.transactions.service.shown import (
    ReviewShown,
    TransactionShown,
    filters_of,
    masks_tokens,
    shown_one,
    shown_reviews,
    shown_rows,
)
from ocpp_css.edge import Principal, needs
from ocpp_css.edge.exports import csv_lines
from ocpp_css.kit.clock import rfc3339
from ocpp_css.kit.ids import public
from ocpp_css.kit.paging import Cursor, Page, PageRequest, page_of, page_request
from ocpp_css.people import audit
from ocpp_css.storage import Database, Unit

EXPORTED_AT_ONCE = 500
SORTS = ("-received_at", "received_at")
Reason = Annotated[str, Meta(min_length=3, max_length=500)]


@get("/api/v1/transactions", opt=needs("transactions:read"))
async def list_transactions(  # noqa: PLR0917 - the filters of the list
    unit: NamedDependency[Unit],
    request: Request[Any, Any, Any],
    db: NamedDependency[Database],
    principal: NamedDependency[Principal],
    limit: FromQuery[int | None] = None,
    cursor: FromQuery[str | None] = None,
    sort: FromQuery[str | None] = None,
    station: FromQuery[str | None] = None,
    in_state: Annotated[TransactionState | None, QueryParameter(name="state")] = None,
    id_token: FromQuery[str | None] = None,
    since: FromQuery[datetime | None] = None,
    until: FromQuery[datetime | None] = None,
    search: FromQuery[str | None] = None,
    format: FromQuery[Literal["json", "csv"] | None] = None,  # noqa: A002 - the interface's word
) -> Page[TransactionShown] | Stream:
    """List transactions, the newest first; as CSV with `format=csv` or `Accept: text/csv`, then all that fit.

    Without `tokens:read` id tokens are told by their ends, and `id_token` is refused.
    """
    if id_token is not None:
        principal.demand("tokens:read")
    given = {
        "station": station, "state": in_state, "id_token": id_token, "since": since, "until": until, "search": search,
    }  # fmt: skip
    filters = await filters_of(unit, request.app.state.pseudonyms, given)
    if wants_csv(request, format):
        audit.record(unit, principal, "transaction.exported", "transaction", "*")
        return exported(db, unit.tenant, filters, is_masked=masks_tokens(principal))
    await audit.record_read(unit, principal, "transaction.read", "transaction")
    asked = page_request(limit, cursor, sort, sorts=SORTS)
    return await listed(unit, filters, asked, is_masked=masks_tokens(principal))


def wants_csv(request: Request[Any, Any, Any], asked: str | None) -> bool:
    """Whether a list is wanted as a file."""
    return asked == "csv" or request.headers.get("accept", "").startswith("text/csv")


def exported(db: Database, tenant: int, filters: dict[str, Any], *, is_masked: bool) -> Stream:
    """All transactions that fit, as a file."""
    headers = {"Content-Disposition": 'attachment; filename="transactions.csv"'}
    return Stream(
        csv_of(db, tenant, filters, is_masked=is_masked), media_type="text/csv; charset=utf-8", headers=headers
    )


async def listed(unit: Unit, filters: dict[str, Any], asked: PageRequest, *, is_masked: bool) -> Page[TransactionShown]:
    """One page of the transactions that fit."""
    rows = await store.page(unit, filters, asked.after, asked.limit, is_rising=not asked.is_descending)
    page = page_of(rows, asked, lambda row: (None, row.id))
    return Page(await shown_rows(unit, page.items, is_masked=is_masked), page.next_cursor)


async def csv_of(db: Database, tenant: int, filters: dict[str, Any], *, is_masked: bool) -> AsyncIterator[str]:
    """All transactions that fit, as lines of CSV, some hundred at a time."""
    columns = TransactionShown.__struct_fields__
    yield csv_lines([columns])
    after: Cursor | None = None
    while True:
        unit = db.unit(tenant)
        rows = await store.page(unit, filters, after, EXPORTED_AT_ONCE)
        page = await shown_rows(unit, rows[:EXPORTED_AT_ONCE], is_masked=is_masked)
        yield csv_lines([_cell(getattr(found, name)) for name in columns] for found in page)
        if len(rows) <= EXPORTED_AT_ONCE:
            return
        after = Cursor("", None, rows[EXPORTED_AT_ONCE - 1].id)


def _cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return rfc3339(value)
    return " ".join(value) if isinstance(value, list) else value


@get("/api/v1/transactions/{transaction_id:str}", opt=needs("transactions:read"))
async def read_transaction(
    unit: NamedDependency[Unit], principal: NamedDependency[Principal], transaction_id: FromPath[str]
) -> TransactionShown:
    """Show one transaction."""
    await audit.record_read(unit, principal, "transaction.read", "transaction")
    return await shown_one(unit, await queries.get(unit, transaction_id), is_masked=masks_tokens(principal))


class SampleShown(msgspec.Struct, frozen=True, kw_only=True):
    """One measured value."""

    at: datetime
    measurand: str
    value: float | str
    unit: str
    phase: str | None
    location: str | None
    context: str | None


@get("/api/v1/transactions/{transaction_id:str}/meter-values", opt=needs("transactions:read"))
async def list_meter_values(
    unit: NamedDependency[Unit], transaction_id: FromPath[str], measurand: FromQuery[str | None] = None
) -> Page[SampleShown]:
    """List a transaction's meter values in the order of time."""
    return await samples_of(unit, await queries.get(unit, transaction_id), measurand)


async def samples_of(unit: Unit, transaction: Transaction, measurand: str | None) -> Page[SampleShown]:
    """The meter values of a transaction, or those of one measurand."""
    found = await queries.samples(unit, transaction)
    return Page(
        [
            SampleShown(
                at=s.at,
                measurand=s.measurand,
                value=float(s.value) if isinstance(s.value, Decimal) else s.value,
                unit=s.unit,
                phase=s.phase,
                location=s.location,
                context=s.context,
            )
            for s in found
            if measurand is None or s.measurand == measurand
        ]
    )


@get("/api/v1/transactions/{transaction_id:str}/events", opt=needs("transactions:read"))
async def list_events(unit: NamedDependency[Unit], transaction_id: FromPath[str]) -> Page[dict[str, Any]]:
    """List the messages of a transaction in the order of arrival."""
    return Page(await queries.events(unit, await queries.get(unit, transaction_id)))


@post("/api/v1/transactions/{transaction_id:str}/stop", opt=needs("commands:charge"), status_code=200)
async def stop_transaction(
    unit: NamedDependency[Unit],
    commands: NamedDependency[commanding.Commands],
    principal: NamedDependency[Principal],
    transaction_id: FromPath[str],
) -> dict[str, Any]:
    """Ask the station to stop: RemoteStopTransaction or RequestStopTransaction, as its version says."""
    return what_became(await stopping.ask(unit, commands, transaction_id, by=principal))


def what_became(command: commanding.Command) -> dict[str, Any]:
    """The end of the command that asked a station to stop."""
    return {
        "command_id": public(command.id), "status": command.status, "response": command.response,
        "error_code": command.error_code,
    }  # fmt: skip


class Closing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why a transaction is closed by hand, and with which values; those last known where none are given."""

    reason: Reason
    stopped_at: datetime | None = None
    meter_stop_wh: Annotated[int, Meta(ge=0)] | None = None


@post("/api/v1/transactions/{transaction_id:str}/close", opt=needs("review:settle"), status_code=200)
async def close_transaction(
    unit: NamedDependency[Unit],
    principal: NamedDependency[Principal],
    transaction_id: FromPath[str],
    data: JSONBody[Closing],
) -> TransactionShown:
    """Close a transaction whose stop will not come."""
    before = await queries.get(unit, transaction_id)
    correction = review.Correction(stopped_at=data.stopped_at, meter_stop_wh=data.meter_stop_wh)
    after = await review.close(unit, before, correction)
    told = {"meter_stop_wh": after.meter_stop_wh}
    audit.record(unit, principal, "transaction.close", "transaction", transaction_id, None, told, reason=data.reason)
    return await shown_one(unit, after, is_masked=masks_tokens(principal))


@get("/api/v1/review", opt=needs("review:read"))
async def list_review(
    unit: NamedDependency[Unit],
    limit: FromQuery[int | None] = None,
    cursor: FromQuery[str | None] = None,
    settled: FromQuery[bool | None] = None,
    station: FromQuery[str | None] = None,
) -> Page[ReviewShown]:
    """List what is doubtful, the newest first."""
    asked = page_request(limit, cursor, sorts=("-created_at",))
    number = None if station is None else (await stations.get(unit, station)).station_id
    rows = await store.review.page(unit, is_settled=settled, station_id=number, after=asked.after, limit=asked.limit)
    page = page_of(rows, asked, lambda row: (None, row.id))
    return Page(await shown_reviews(unit, page.items), page.next_cursor)


class Settling(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How an entry is settled, why, and with which values where they are corrected."""

    reason: Reason
    outcome: review.Settlement = "accepted"
    started_at: datetime | None = None
    stopped_at: datetime | None = None
    meter_start_wh: Annotated[int, Meta(ge=0)] | None = None
    meter_stop_wh: Annotated[int, Meta(ge=0)] | None = None


@post("/api/v1/review/{review_id:str}/settle", opt=needs("review:settle"), status_code=200)
async def settle_review(
    unit: NamedDependency[Unit],
    db: NamedDependency[Database],
    principal: NamedDependency[Principal],
    review_id: FromPath[str],
    data: JSONBody[Settling],
) -> ReviewShown:
    """Settle an entry; its transaction is then no longer suspect."""
    correction = review.Correction(
        started_at=data.started_at,
        stopped_at=data.stopped_at,
        meter_start_wh=data.meter_start_wh,
        meter_stop_wh=data.meter_stop_wh,
    )
    entry = await review.settle(unit, review_id, data.outcome, correction, by=principal.name, reason=data.reason)
    told = {"outcome": data.outcome}
    audit.record(unit, principal, "review.settle", "review", review_id, None, told, reason=data.reason)
    await unit.commit()
    after = await store.review.read(db.unit(unit.tenant), entry.id)
    return (await shown_reviews(unit, [after]))[0]


HANDLERS = (
    list_transactions, read_transaction, list_meter_values, list_events, stop_transaction, close_transaction,
    list_review, settle_review,
)  # fmt: skip
