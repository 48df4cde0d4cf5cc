"""The audit log as a page, and as a file."""

from datetime import timedelta
from typing import Any, cast

from litestar import Request, get
from litestar.di import NamedDependency
from litestar.response import Stream

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
from ocpp_css.people.audit.api import export
from ocpp_css.people.audit.model import WORDS, Question
from ocpp_css.people.audit.service import entries, files
from ocpp_css.storage import Database, Unit

PATH = "/console/settings/audit"
_COLUMNS = (
    Column("at", lazy("When")),
    Column("actor", lazy("Who")),
    Column("action", lazy("Action")),
    Column("subject", lazy("On what")),
    Column("change", lazy("Change")),
    Column("reason", lazy("Why")),
    Column("address", lazy("From address"), is_hidden=True),
    Column("number", lazy("Number"), is_numeric=True, is_hidden=True),
)
_KINDS = Filter(
    "actor_kind",
    lazy("Who"),
    [
        ("user", lazy("People")),
        ("key", lazy("API keys")),
        ("service", lazy("The machine")),
        ("anonymous", lazy("Unknown")),
    ],
)
_FILTERS = (
    _KINDS,
    Filter("action", lazy("Action"), kind="text"),
    Filter("since", lazy("From"), kind="date"),
    Filter("until", lazy("To"), kind="date"),
)
_EMPTY = Empty(
    lazy("Nothing happened yet"), lazy("Every change made by people, API keys and the machine appears here."), "history"
)


@get(PATH, opt=needs("audit:read"))
async def audit_page(request: Request[Any, Any, Any], unit: NamedDependency[Unit]) -> Page:
    query = _query(request)
    found = await entries.page(unit, _question(query), query.paging)
    table = Table(
        "audit", lazy("Audit log"), _COLUMNS, query, found, _EMPTY,
        filters=_FILTERS, export=query.href(cursor=None).replace(PATH, f"{PATH}/export.csv", 1),
    )  # fmt: skip
    return page("audit/log.html", title=gettext("Audit log"), table=table, words=WORDS)


@get([f"{PATH}/export.csv", f"{PATH}/export.jsonl"], opt=needs("audit:read"))
async def audit_export(
    request: Request[Any, Any, Any],
    unit: NamedDependency[Unit],
    db: NamedDependency[Database],
    principal: NamedDependency[Principal],
) -> Stream:
    kind = cast("files.Kind", request.scope["path"].rpartition(".")[2])
    return export(unit, db, principal, _question(_query(request)), kind)


def _query(request: Request[Any, Any, Any]) -> TableQuery:
    return TableQuery.of(request, sorts=("-id",), filters=_FILTERS)


def _question(query: TableQuery) -> Question:
    chosen = query.chosen
    until = moment_of(chosen.get("until", ""))
    return Question(
        search=query.search, actor_kind=chosen.get("actor_kind", ""), action=chosen.get("action", ""),
        since=moment_of(chosen.get("since", "")), until=until + timedelta(days=1) if until else None,
    )  # fmt: skip
