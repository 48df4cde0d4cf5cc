"""One's own transactions over REST: those of tokens that were the caller's when they were shown."""

from datetime import datetime
from typing import Annotated, Any, Literal

from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.response import Stream

from ocpp_css.charging import commands as commanding
from ocpp_css.charging.transactions.api.transactions import (
    SORTS,
    SampleShown,
    exported,
    listed,
    samples_of,
    wants_csv,
    what_became,
)
from ocpp_css.charging.transactions.model import TransactionState
from ocpp_css.charging.transactions.service import queries, stopping
from ocpp_css.charging.transactions.service.shown import TransactionShown, filters_of, shown_one
from ocpp_css.edge import Principal, needs
from ocpp_css.kit.paging import Page, page_request
from ocpp_css.people.accounts import person_in
from ocpp_css.storage import Database, Unit

PATH = "/api/v1/me/transactions"


@get(PATH, opt=needs(""))
async def list_own_transactions(  # noqa: PLR0917 - the filters of the list
    unit: NamedDependency[Unit],
    request: Request[Any, Any, Any],
    db: NamedDependency[Database],
    principal: NamedDependency[Principal],
    limit: FromQuery[int | None] = None,
    cursor: FromQuery[str | None] = None,
    sort: FromQuery[str | None] = None,
    in_state: Annotated[TransactionState | None, QueryParameter(name="state")] = None,
    since: FromQuery[datetime | None] = None,
    until: FromQuery[datetime | None] = None,
    search: FromQuery[str | None] = None,
    format: FromQuery[Literal["json", "csv"] | None] = None,  # noqa: A002 - the interface's word
) -> Page[TransactionShown] | Stream:
    """List the caller's own transactions, the newest first; as CSV with `format=csv` or `Accept: text/csv`."""
    given = {"state": in_state, "since": since, "until": until, "search": search}
    filters = await filters_of(unit, request.app.state.pseudonyms, given)
    filters["person_id"] = person_in(principal)
    if wants_csv(request, format):
        return exported(db, unit.tenant, filters, is_masked=False)
    return await listed(unit, filters, page_request(limit, cursor, sort, sorts=SORTS), is_masked=False)


@get(f"{PATH}/{{transaction_id:str}}", opt=needs(""))
async def read_own_transaction(
    unit: NamedDependency[Unit], principal: NamedDependency[Principal], transaction_id: FromPath[str]
) -> TransactionShown:
    """Show one of the caller's own transactions."""
    return await shown_one(unit, await queries.own(unit, person_in(principal), transaction_id), is_masked=False)


@get(f"{PATH}/{{transaction_id:str}}/meter-values", opt=needs(""))
async def list_own_meter_values(
    unit: NamedDependency[Unit],
    principal: NamedDependency[Principal],
    transaction_id: FromPath[str],
    measurand: FromQuery[str | None] = None,
) -> Page[SampleShown]:
    """List the meter values of one of the caller's own transactions in the order of time."""
    return await samples_of(unit, await queries.own(unit, person_in(principal), transaction_id), measurand)


@post(f"{PATH}/{{transaction_id:str}}/stop", opt=needs(""), status_code=200)
async def stop_own_transaction(
    unit: NamedDependency[Unit],
    commands: NamedDependency[commanding.Commands],
    principal: NamedDependency[Principal],
    transaction_id: FromPath[str],
) -> dict[str, Any]:
    """Ask the station to stop one of the caller's own transactions, whatever the caller's role."""
    return what_became(await stopping.ask_own(unit, commands, transaction_id, by=principal))


HANDLERS = (list_own_transactions, read_own_transaction, list_own_meter_values, stop_own_transaction)
