"""The list of transactions."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from litestar import Request, get
from litestar.di import NamedDependency

from ocpp_css.charging.stations import StationUnknown
from ocpp_css.charging.transactions import store
from ocpp_css.charging.transactions.pages.words import STATES, Sign, sign_of
from ocpp_css.charging.transactions.service.shown import TransactionShown, filters_of, masks_tokens, shown_rows
from ocpp_css.edge import (
    Column,
    Empty,
    Filter,
    Page,
    Principal,
    Table,
    TableQuery,
    gettext,
    lazy,
    moment_of,
    needs,
    page,
)
from ocpp_css.kit.paging import Page as Rows
from ocpp_css.kit.paging import page_of
from ocpp_css.people import audit
from ocpp_css.storage import Unit

Asked = Request[Any, Any, Any]
Row = tuple[TransactionShown, Sign, float | None]
"""A transaction, its badge, how long it lasts in seconds."""
PATH = "/console/transactions"
EVENTS = "transaction.started transaction.changed transaction.stopped transaction.reading"
SORTS = ("-received_at", "received_at")
_COLUMNS = (
    Column("started", lazy("Started"), sort="received_at"),
    Column("station", lazy("Station")),
    Column("token", lazy("Token")),
    Column("energy", lazy("Energy"), is_numeric=True),
    Column("duration", lazy("Duration"), is_numeric=True),
    Column("power", lazy("Power"), is_numeric=True),
    Column("state", lazy("State")),
    Column("reason", lazy("Why it ended"), is_hidden=True),
    Column("number", lazy("Number at the station"), is_hidden=True),
)
STATE = Filter("state", lazy("State"), [(name, sign[0]) for name, sign in STATES.items()])
DAYS = (Filter("since", lazy("From"), kind="date"), Filter("until", lazy("To"), kind="date"))
_FILTERS = (STATE, Filter("station", lazy("Station"), kind="text"), *DAYS)
_EMPTY = Empty(
    lazy("No transactions yet"), lazy("They appear here as soon as somebody charges."), "arrows-exchange",
    lazy("To the stations"), "/console/stations",
)  # fmt: skip


@get(PATH, opt=needs("transactions:read"))
async def transactions_page(request: Asked, unit: NamedDependency[Unit], principal: NamedDependency[Principal]) -> Page:
    await audit.record_read(unit, principal, "transaction.read", "transaction")
    query = TableQuery.of(request, sorts=SORTS, filters=_FILTERS)
    rows = await rows_of(request, unit, query, is_masked=masks_tokens(principal))
    table = Table(
        "transactions", lazy("Transactions"), _COLUMNS, query, rows, _EMPTY,
        filters=_FILTERS, export=export_of(query, "/api/v1/transactions"), refresh_on=EVENTS,
    )  # fmt: skip
    return page("transactions/list.html", title=gettext("Transactions"), table=table)


async def rows_of(
    request: Asked, unit: Unit, query: TableQuery, person: int | None = None, *, is_masked: bool
) -> Rows[Row]:
    """The rows of a page of the list; of the transactions of one person where one is named."""
    asked = query.paging
    try:
        filters = await filters_of(unit, request.app.state.pseudonyms, given_of(query))
    except StationUnknown:
        return Rows([])
    filters["person_id"] = person
    rows = await store.page(unit, filters, asked.after, asked.limit, is_rising=not asked.is_descending)
    found = page_of(rows, asked, lambda row: (None, row.id))
    return Rows(signed(await shown_rows(unit, found.items, is_masked=is_masked), unit.now), found.next_cursor)


def signed(found: Sequence[TransactionShown], now: datetime) -> list[Row]:
    """Transactions, each with its badge and how long it has lasted."""
    return [(one, sign_of(one), lasted(one, now)) for one in found]


def lasted(one: TransactionShown, now: datetime) -> float | None:
    """Seconds from start to stop, or until now; None where the start is not known."""
    return None if one.started_at is None else max(0.0, ((one.stopped_at or now) - one.started_at).total_seconds())


def given_of(query: TableQuery) -> dict[str, Any]:
    """The filters in the words of the interface; the last day counts whole."""
    chosen = query.chosen
    until = moment_of(chosen.get("until", ""))
    return {
        "search": query.search or None,
        "state": chosen.get("state"),
        "station": chosen.get("station"),
        "since": moment_of(chosen.get("since", "")),
        "until": None if until is None else until + timedelta(days=1),
    }


def export_of(query: TableQuery, path: str) -> str:
    """The same list as a file, from the REST interface."""
    given = {name: value for name, value in given_of(query).items() if value is not None}
    texts = {name: value if isinstance(value, str) else value.isoformat() for name, value in given.items()}
    return f"{path}?{urlencode({'format': 'csv', **texts})}"


HANDLERS = (transactions_page,)
