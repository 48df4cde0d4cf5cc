"""What waits for a person to decide, and the decision."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from ocpp_css.charging.transactions import store
from ocpp_css.charging.transactions.errors import ReviewUnknown
from ocpp_css.charging.transactions.model import Transaction
from ocpp_css.charging.transactions.pages.one import correction_of, reason_of
from ocpp_css.charging.transactions.pages.words import KINDS, OUTCOMES, doubt
from ocpp_css.charging.transactions.service import review
from ocpp_css.charging.transactions.service.shown import ReviewShown, masks_tokens, shown_one, shown_reviews
from ocpp_css.edge import (
    Column,
    Empty,
    Filter,
    Page,
    Principal,
    Table,
    TableQuery,
    faults_by_field,
    gettext,
    lazy,
    needs,
    page,
    posted,
    redirect,
)
from ocpp_css.kit.errors import Fault, Invalid, Refusal
from ocpp_css.kit.ids import parse_public
from ocpp_css.kit.paging import Page as Rows
from ocpp_css.kit.paging import page_of
from ocpp_css.people import audit
from ocpp_css.storage import Database, Unit

Asked = Request[Any, Any, Any]
PATH = "/console/review"
_COLUMNS = (
    Column("created", lazy("When")),
    Column("what", lazy("What is doubtful")),
    Column("station", lazy("Station")),
    Column("transaction", lazy("Transaction")),
    Column("outcome", lazy("Outcome")),
)
_FILTERS = (Filter("settled", lazy("Decided"), [("no", lazy("Open")), ("yes", lazy("Decided"))]),)
_EMPTY = Empty(
    lazy("Nothing is doubtful"),
    lazy("Transactions and messages that do not add up are kept here until somebody decides."), "circle-check",
)  # fmt: skip


@get(PATH, opt=needs("review:read"))
async def review_page(request: Asked, unit: NamedDependency[Unit]) -> Page:
    query = TableQuery.of(request, sorts=("-created_at",), filters=_FILTERS)
    asked = query.paging
    is_settled = {"yes": True, "no": False}.get(query.chosen.get("settled", ""))
    rows = await store.review.page(unit, is_settled=is_settled, station_id=None, after=asked.after, limit=asked.limit)
    found = page_of(rows, asked, lambda row: (None, row.id))
    shown = [(one, words_of(one)) for one in await shown_reviews(unit, found.items)]
    table = Table(
        "review", lazy("Review"), _COLUMNS, query, Rows(shown, found.next_cursor), _EMPTY, filters=_FILTERS,
        has_search=False, refresh_on="review.opened transaction.changed",
    )  # fmt: skip
    return page("transactions/review.html", title=gettext("Review"), table=table, outcomes=OUTCOMES)


def words_of(entry: ReviewShown) -> list[str]:
    """What is doubtful, one sentence each."""
    return [doubt(name) for name in entry.detail.get("doubts", ())] or [str(KINDS.get(entry.kind, entry.kind))]


@get(f"{PATH}/{{review_id:str}}", opt=needs("review:read"))
async def entry_page(
    unit: NamedDependency[Unit], principal: NamedDependency[Principal], review_id: FromPath[str]
) -> Page:
    return await _entry(unit, principal, review_id, {})


async def _entry(
    unit: Unit, reader: Principal, review_id: str, form: dict[str, str], refusal: Refusal | None = None
) -> Page:
    number = parse_public(review_id)
    row = None if number is None else await store.review.read(unit, number)
    if row is None:
        raise ReviewUnknown
    entry = (await shown_reviews(unit, [row]))[0]
    found: Transaction | None = None if row.transaction_id is None else await store.read(unit, row.transaction_id)
    errors = {} if refusal is None else faults_by_field(refusal.errors)
    return page(
        "transactions/entry.html", status=refusal.status if refusal else 200,
        title=gettext(str(KINDS.get(entry.kind, entry.kind))), entry=entry, words=words_of(entry), outcomes=OUTCOMES,
        transaction=None if found is None else await shown_one(unit, found, is_masked=masks_tokens(reader)), form=form,
        errors={name: gettext(text) for name, text in errors.items()},
        told=gettext(refusal.template, **refusal.values) if refusal and not errors else "",
    )  # fmt: skip


@post(f"{PATH}/{{review_id:str}}", opt=needs("review:settle"), status_code=200)
async def settle(
    request: Asked,
    db: NamedDependency[Database],
    principal: NamedDependency[Principal],
    review_id: FromPath[str],
) -> Response[Any] | Page:
    form = await posted(request)
    unit = db.unit(principal.tenant)
    try:
        reason, outcome = reason_of(form), outcome_of(form)
        correction = correction_of(form) if outcome == "corrected" else review.Correction()
        await review.settle(unit, review_id, outcome, correction, by=principal.name, reason=reason)
    except Invalid as refusal:
        return await _entry(db.unit(principal.tenant), principal, review_id, form, refusal)
    audit.record(unit, principal, "review.settle", "review", review_id, None, {"outcome": outcome}, reason=reason)
    await unit.commit()
    return redirect(request, PATH)


def outcome_of(form: dict[str, str]) -> review.Settlement:
    """The chosen outcome."""
    match form.get("outcome"):
        case "accepted" | "corrected" | "dismissed" as found:
            return found
        case _:
            raise Invalid("Choose an outcome.", errors=[Fault("outcome", "Choose an outcome.")])


HANDLERS = (review_page, entry_page, settle)
