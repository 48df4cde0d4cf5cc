"""One transaction: what it is, what was measured, what was said of it, and its end by hand."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from ocpp_css.charging import commands as commanding
from ocpp_css.charging.transactions.model import Transaction
from ocpp_css.charging.transactions.pages.curves import curves
from ocpp_css.charging.transactions.pages.listing import EVENTS, PATH, lasted
from ocpp_css.charging.transactions.pages.words import AUTHORIZATIONS, doubt, sign_of
from ocpp_css.charging.transactions.service import queries, review, stopping
from ocpp_css.charging.transactions.service.shown import masks_tokens, shown_one
from ocpp_css.edge import Page, Principal, gettext, moment_of, needs, page, posted, redirect, toast
from ocpp_css.edge.exports import csv_lines
from ocpp_css.kit.clock import rfc3339
from ocpp_css.kit.errors import Fault, Invalid
from ocpp_css.kit.ids import public
from ocpp_css.people import audit
from ocpp_css.storage import Unit

Asked = Request[Any, Any, Any]
ONE = f"{PATH}/{{transaction_id:str}}"
SHORTEST_REASON = 3


@get(ONE, opt=needs("transactions:read"))
async def transaction_page(
    unit: NamedDependency[Unit], principal: NamedDependency[Principal], transaction_id: FromPath[str]
) -> Page:
    await audit.record_read(unit, principal, "transaction.read", "transaction")
    transaction = await queries.get(unit, transaction_id)
    return await drawn(
        unit,
        transaction,
        f"{PATH}/{transaction_id}",
        trail=(gettext("Transactions"), PATH),
        is_masked=masks_tokens(principal),
    )


async def drawn(
    unit: Unit, transaction: Transaction, path: str, *, trail: tuple[str, str], is_masked: bool, is_own: bool = False
) -> Page:
    """The page of a transaction at this path; `trail` leads back to its list. One's own may be stopped."""
    shown = await shown_one(unit, transaction, is_masked=is_masked)
    return page(
        "transactions/one.html",
        title=gettext("Transaction {number}", number=transaction.wire_id),
        one=shown,
        sign=sign_of(shown),
        lasted=lasted(shown, unit.now),
        doubts=[doubt(name) for name in transaction.doubts],
        authorization=AUTHORIZATIONS.get(transaction.authorization or "", transaction.authorization),
        review=transaction.review_id,
        events=await queries.events(unit, transaction),
        kinds=EVENTS,
        path=path,
        trail=trail,
        is_own=is_own,
    )


@get(f"{ONE}/curves", opt=needs("transactions:read"))
async def transaction_curves(unit: NamedDependency[Unit], transaction_id: FromPath[str]) -> dict[str, Any]:
    transaction = await queries.get(unit, transaction_id)
    return curves(await queries.samples(unit, transaction), transaction)


@get(f"{ONE}/meter-values.csv", opt=needs("transactions:read"))
async def transaction_csv(unit: NamedDependency[Unit], transaction_id: FromPath[str]) -> Response[str]:
    return await as_csv(unit, await queries.get(unit, transaction_id))


async def as_csv(unit: Unit, transaction: Transaction) -> Response[str]:
    """The meter values of a transaction as a file."""
    found = await queries.samples(unit, transaction)
    head = ("at", "measurand", "value", "unit", "phase", "location", "context")
    rows = [(rfc3339(s.at), s.measurand, str(s.value), s.unit, s.phase, s.location, s.context) for s in found]
    headers = {"Content-Disposition": f'attachment; filename="transaction-{public(transaction.id)}.csv"'}
    return Response(csv_lines([head, *rows]), media_type="text/csv; charset=utf-8", headers=headers)


@post(f"{ONE}/stop", opt=needs("commands:charge"), status_code=200)
async def stop_transaction(
    unit: NamedDependency[Unit],
    commands: NamedDependency[commanding.Commands],
    principal: NamedDependency[Principal],
    transaction_id: FromPath[str],
) -> Response[str]:
    command = await stopping.ask(unit, commands, transaction_id, by=principal)
    text, kind = commanding.told(command)
    return Response("", headers={**toast(text, kind=kind), "HX-Reswap": "none"}, media_type="text/html")


@post(f"{ONE}/close", opt=needs("review:settle"), status_code=200)
async def close_transaction(
    request: Asked,
    unit: NamedDependency[Unit],
    principal: NamedDependency[Principal],
    transaction_id: FromPath[str],
) -> Response[Any]:
    form = await posted(request)
    before = await queries.get(unit, transaction_id)
    correction = correction_of(form)
    after = await review.close(unit, before, correction)
    told = {"meter_stop_wh": after.meter_stop_wh}
    audit.record(
        unit, principal, "transaction.close", "transaction", transaction_id, None, told, reason=reason_of(form)
    )
    return redirect(request, f"{PATH}/{transaction_id}")


def reason_of(form: dict[str, str]) -> str:
    """Why something is decided by hand; nobody gets around saying it."""
    reason = form.get("reason", "")[:500]
    if len(reason) < SHORTEST_REASON:
        raise Invalid("Say why, in a few words.", errors=[Fault("reason", "Say why, in a few words.")])
    return reason


def correction_of(form: dict[str, str]) -> review.Correction:
    """The values of a form that replace doubtful ones; energies are typed in kWh."""
    return review.Correction(
        started_at=moment_of(form.get("started_at", "")),
        stopped_at=moment_of(form.get("stopped_at", "")),
        meter_start_wh=_wh(form, "meter_start_kwh"),
        meter_stop_wh=_wh(form, "meter_stop_kwh"),
    )


def _wh(form: dict[str, str], name: str) -> int | None:
    text = form.get(name, "").replace(",", ".")
    if not text:
        return None
    try:
        found = round(float(text) * 1000)
    except (ValueError, OverflowError):
        found = -1
    if not 0 <= found < 1 << 53:
        raise Invalid("This must be a number.", errors=[Fault(name, "This must be a number.")])
    return found


HANDLERS = (transaction_page, transaction_curves, transaction_csv, stop_transaction, close_transaction)
