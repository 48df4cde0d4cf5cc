"""What a person charges with their own tokens: the page of a driver."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from ocpp_css.charging import commands as commanding
from ocpp_css.charging import tokens
from ocpp_css.charging.transactions import store
from ocpp_css.charging.transactions.api.own import PATH as EXPORT
from ocpp_css.charging.transactions.pages.curves import curves
from ocpp_css.charging.transactions.pages.listing import DAYS, EVENTS, SORTS, STATE, export_of, rows_of, signed
from ocpp_css.charging.transactions.pages.one import as_csv, drawn
from ocpp_css.charging.transactions.pages.words import told_own
from ocpp_css.charging.transactions.service import queries, stopping
from ocpp_css.charging.transactions.service.shown import shown_rows
from ocpp_css.edge import Column, Empty, Page, Principal, Table, TableQuery, gettext, lazy, needs, page, toast
from ocpp_css.people.accounts import person_in
from ocpp_css.storage import Unit

Asked = Request[Any, Any, Any]
PATH = "/console/me/charging"
ONE = f"{PATH}/{{transaction_id:str}}"
MOST_RUNNING = 8
_COLUMNS = (
    Column("started", lazy("Started"), sort="received_at"),
    Column("station", lazy("Station")),
    Column("token", lazy("Token")),
    Column("energy", lazy("Energy"), is_numeric=True),
    Column("duration", lazy("Duration"), is_numeric=True),
    Column("state", lazy("State")),
)
_FILTERS = (STATE, *DAYS)
_EMPTY = Empty(
    lazy("You have not charged yet"), lazy("What you charge with a token of yours appears here as soon as it begins."),
    "bolt",
)  # fmt: skip


@get(PATH, opt=needs(""))
async def own_page(request: Asked, unit: NamedDependency[Unit], principal: NamedDependency[Principal]) -> Page:
    person = person_in(principal)
    query = TableQuery.of(request, sorts=SORTS, filters=_FILTERS)
    rows = await rows_of(request, unit, query, person, is_masked=False)
    table = Table(
        "own-transactions", lazy("What you charged"), _COLUMNS, query, rows,
        _EMPTY, filters=_FILTERS, export=export_of(query, EXPORT), refresh_on=EVENTS,
    )  # fmt: skip
    running = await store.page(unit, {"person_id": person, "open": True}, None, MOST_RUNNING)
    return page(
        "transactions/own.html",
        title=gettext("My charging"),
        table=table,
        running=signed(await shown_rows(unit, running[:MOST_RUNNING], is_masked=False), unit.now),
        tokens=[(one, tokens.sign_of(one, unit.now)) for one in await tokens.of_person(unit, person)],
        kinds=EVENTS,
        path=PATH,
    )


@get(ONE, opt=needs(""))
async def own_transaction_page(
    unit: NamedDependency[Unit], principal: NamedDependency[Principal], transaction_id: FromPath[str]
) -> Page:
    transaction = await queries.own(unit, person_in(principal), transaction_id)
    trail = (gettext("My charging"), PATH)
    return await drawn(unit, transaction, f"{PATH}/{transaction_id}", trail=trail, is_own=True, is_masked=False)


@get(f"{ONE}/curves", opt=needs(""))
async def own_curves(
    unit: NamedDependency[Unit], principal: NamedDependency[Principal], transaction_id: FromPath[str]
) -> dict[str, Any]:
    transaction = await queries.own(unit, person_in(principal), transaction_id)
    return curves(await queries.samples(unit, transaction), transaction)


@get(f"{ONE}/meter-values.csv", opt=needs(""))
async def own_csv(
    unit: NamedDependency[Unit], principal: NamedDependency[Principal], transaction_id: FromPath[str]
) -> Response[str]:
    return await as_csv(unit, await queries.own(unit, person_in(principal), transaction_id))


@post(f"{ONE}/stop", opt=needs(""), status_code=200)
async def stop_own_transaction(
    unit: NamedDependency[Unit],
    commands: NamedDependency[commanding.Commands],
    principal: NamedDependency[Principal],
    transaction_id: FromPath[str],
) -> Response[str]:
    command = await stopping.ask_own(unit, commands, transaction_id, by=principal)
    text, kind = told_own(command)
    return Response("", headers={**toast(text, kind=kind), "HX-Reswap": "none"}, media_type="text/html")


HANDLERS = (own_page, own_transaction_page, own_curves, own_csv, stop_own_transaction)
