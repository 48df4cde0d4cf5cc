"""The audit log as a page, and as a file."""

from typing import Any

from litestar import Request, get
from litestar.di import NamedDependency
from litestar.response import Stream

from ocpp_css.edge import Column, Empty, Filter, Page, Table, TableQuery, gettext, lazy, needs, page
from ocpp_css.people.audit import service
from ocpp_css.people.audit.model import Question
from ocpp_css.storage import Unit

PATH = "/console/settings/audit"
_COLUMNS = (
    Column("at", lazy("When")),
    Column("actor", lazy("Who")),
    Column("action", lazy("Action")),
    Column("subject", lazy("On what")),
    Column("change", lazy("Change")),
    Column("address", lazy("From address"), is_hidden=True),
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
_EMPTY = Empty(
    lazy("Nothing happened yet"), lazy("Every change made by people, API keys and the machine appears here."), "history"
)


@get(PATH, opt=needs("audit:read"))
async def audit_page(request: Request[Any, Any, Any], unit: NamedDependency[Unit]) -> Page:
    query = _query(request)
    found = await service.page(unit, _question(query), query.paging)
    table = Table(
        "audit", lazy("Audit log"), _COLUMNS, query, found, _EMPTY,
        filters=[_KINDS], export=query.href(cursor=None).replace(PATH, f"{PATH}/export.csv", 1),
    )  # fmt: skip
    return page("audit/log.html", title=gettext("Audit log"), table=table)


@get(f"{PATH}/export.csv", opt=needs("audit:read"))
async def audit_export(request: Request[Any, Any, Any], unit: NamedDependency[Unit]) -> Stream:
    return Stream(
        service.as_csv(unit, _question(_query(request))),
        media_type="text/csv",
        headers={"Content-Disposition": 'attachment; filename="audit.csv"'},
    )


def _query(request: Request[Any, Any, Any]) -> TableQuery:
    return TableQuery.of(request, sorts=("-id",), filters=[_KINDS])


def _question(query: TableQuery) -> Question:
    return Question(search=query.search, actor_kind=query.chosen.get("actor_kind", ""))
