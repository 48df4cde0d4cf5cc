"""The list of id tokens, as a page and a file, and what is done to many at once."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.response import Stream

from ocpp_css.charging.tokens import service, store
from ocpp_css.charging.tokens.model import Token
from ocpp_css.edge import (
    BulkAction,
    Column,
    Empty,
    Filter,
    Fragment,
    Page,
    Panel,
    PanelContext,
    Principal,
    Table,
    TableQuery,
    gettext,
    lazy,
    needs,
    ngettext,
    page,
    posted_list,
)
from ocpp_css.edge.exports import csv_lines
from ocpp_css.kit.clock import rfc3339
from ocpp_css.kit.ids import parse_public, public
from ocpp_css.kit.paging import Cursor, page_of
from ocpp_css.people import accounts, audit
from ocpp_css.storage import PROVIDER, Database, Unit

Asked = Request[Any, Any, Any]
PATH = "/console/tokens"
EXPORTED_AT_ONCE = 500
FOUND = 8
_COLUMNS = (
    Column("token", lazy("Token")),
    Column("status", lazy("Status")),
    Column("group", lazy("Group")),
    Column("expires", lazy("Valid until")),
    Column("concurrent", lazy("Concurrent"), is_numeric=True),
    Column("note", lazy("Note")),
    Column("person", lazy("Whose")),
    Column("type", lazy("Kind"), is_hidden=True),
    Column("created", lazy("Added")),
)
_STATUS = Filter("status", lazy("Status"), [(name, sign[0]) for name, sign in service.STATUSES.items()])
_FILTERS = (_STATUS, Filter("group", lazy("Group"), kind="text"))
_EMPTY = Empty(
    lazy("No tokens yet"),
    lazy("A token is a card, an app or a vehicle that may charge. Stations ask here before they begin."), "nfc",
    lazy("Add a token"), f"{PATH}/~add",
)  # fmt: skip


class Row:
    """A token in the list; its id is its number."""

    def __init__(self, token: Token, now: Any, person: str = "") -> None:
        self.id = public(token.token_id)
        self.person = person
        self.token = token
        self.sign = service.sign_of(token, now)


@get(PATH, opt=needs("tokens:read"))
async def tokens_page(
    request: Asked, db: NamedDependency[Database], unit: NamedDependency[Unit], principal: NamedDependency[Principal]
) -> Page:
    query = TableQuery.of(request, sorts=("-created_at",), filters=_FILTERS)
    asked = query.paging
    await audit.record_read(unit, principal, "token.read", "token")
    rows = await store.page(unit, _filters(query), asked.after, asked.limit)
    found = page_of(rows, asked, lambda row: (None, row.token_id))
    people = await _people(db, principal, [row.person_id for row in found.items if row.person_id])
    shown = found.map(lambda row: Row(store.to_token(row), unit.now, _named(people.get(row.person_id))))
    table = Table(
        "tokens", lazy("Tokens"), _COLUMNS, query, shown, _EMPTY, filters=_FILTERS, bulk=_bulk(principal),
        export=query.href().replace(PATH, f"{PATH}/~export.csv", 1), refresh_on="token.changed",
        changed_on="tokens-changed",
    )  # fmt: skip
    return page("tokens/list.html", title=gettext("Tokens"), table=table, statuses=service.STATUSES)


async def _people(db: Database, principal: Principal, numbers: Sequence[int]) -> Mapping[int, accounts.User]:
    """Whose tokens these are, for those who may see the people of the account."""
    if not numbers or not principal.may("users:read"):
        return {}
    return await accounts.named(db.unit(PROVIDER), numbers)


def _named(user: accounts.User | None) -> str:
    return "" if user is None else user.display_name


def _filters(query: TableQuery) -> dict[str, Any]:
    chosen = query.chosen
    return {"search": query.search or None, "status": chosen.get("status"), "group_id": chosen.get("group")}


def _bulk(principal: Principal) -> list[BulkAction]:
    if not principal.may("tokens:write"):
        return []
    block = lazy("Tokens to block: {n}. They cannot start charging from now on.", n="{n}")
    gone = lazy("Tokens to remove: {n}. What they charged is kept.", n="{n}")
    return [
        BulkAction(lazy("Block"), f"{PATH}/~block", "ban", block),
        BulkAction(lazy("Accept"), f"{PATH}/~accept", "circle-check"),
        BulkAction(lazy("Remove"), f"{PATH}/~remove", "trash", gone, is_dangerous=True),
    ]


@get(f"{PATH}/~export.csv", opt=needs("tokens:read"))
async def export_tokens(
    request: Asked,
    db: NamedDependency[Database],
    unit: NamedDependency[Unit],
    principal: NamedDependency[Principal],
) -> Stream:
    query = TableQuery.of(request, sorts=("-created_at",), filters=_FILTERS)
    audit.record(unit, principal, "token.exported", "token", "*")
    headers = {"Content-Disposition": 'attachment; filename="tokens.csv"'}
    return Stream(_csv(db, principal, _filters(query)), media_type="text/csv; charset=utf-8", headers=headers)


_EXPORTED = (
    "id_token", "type", "status", "group_id", "parent", "expires_at", "max_concurrent", "language", "note",
    "person", "created_at",
)  # fmt: skip
"""The columns of the file; whose a token is by address, for those who may see the people of the account."""


async def _csv(db: Database, principal: Principal, filters: dict[str, Any]) -> AsyncIterator[str]:
    yield csv_lines([_EXPORTED])
    after: Cursor | None = None
    while True:
        rows = await store.page(db.unit(principal.tenant), filters, after, EXPORTED_AT_ONCE)
        found = [store.to_token(row) for row in rows[:EXPORTED_AT_ONCE]]
        people = await _people(db, principal, [token.person_id for token in found if token.person_id])
        yield csv_lines([_cells(token, people) for token in found])
        if len(rows) <= EXPORTED_AT_ONCE:
            return
        after = Cursor("", None, rows[EXPORTED_AT_ONCE - 1].token_id)


def _cells(token: Token, people: Mapping[int, accounts.User]) -> list[Any]:
    owner = people.get(token.person_id or 0)
    told: dict[str, Any] = {"person": None if owner is None else owner.email}
    told |= {name: rfc3339(at) for name in ("expires_at", "created_at") if (at := getattr(token, name)) is not None}
    return [told[name] if name in told else getattr(token, name) for name in _EXPORTED]


# --- many at once ---------------------------------------------------------------------------------------------------


async def chosen(request: Asked, unit: Unit) -> Sequence[Token]:
    """The tokens that are selected in the list."""
    numbers = [number for text in await posted_list(request, "id") if (number := parse_public(text)) is not None]
    return await store.by_numbers(unit, numbers)


@post([f"{PATH}/~block", f"{PATH}/~accept"], opt=needs("tokens:write"), status_code=200)
async def set_status(
    request: Asked, unit: NamedDependency[Unit], principal: NamedDependency[Principal]
) -> Response[str]:
    status = "Blocked" if request.scope["path"].endswith("~block") else "Accepted"
    found = [token for token in await chosen(request, unit) if token.status != status]
    for token in found:
        service.change_entered(unit, principal, token, {"status": status})
    await unit.commit()
    if status == "Blocked":
        text = ngettext("{n} token is blocked.", "{n} tokens are blocked.", len(found))
    else:
        text = ngettext("{n} token is accepted.", "{n} tokens are accepted.", len(found))
    return told(text)


@post(f"{PATH}/~remove", opt=needs("tokens:write"), status_code=200)
async def remove_many(
    request: Asked, unit: NamedDependency[Unit], principal: NamedDependency[Principal]
) -> Response[str]:
    found = await chosen(request, unit)
    for token in found:
        service.remove(unit, token)
        audit.record(unit, principal, "token.remove", "token", str(token.token_id))
    await unit.commit()
    return told(ngettext("{n} token was removed.", "{n} tokens were removed.", len(found)))


def told(text: str, undo: str = "") -> Response[str]:
    """A short message, and lists of tokens fetch themselves anew."""
    trigger = {"toast": {"kind": "ok", "text": text, "undo": undo}, "tokens-changed": {}}
    return Response("", headers={"HX-Trigger": json.dumps(trigger), "HX-Reswap": "none"}, media_type="text/html")


async def search(context: PanelContext) -> Fragment | None:
    """Tokens that the text fits."""
    rows = await store.page(context.unit, {"search": context.subject}, None, FOUND)
    found = [Row(store.to_token(row), context.unit.now) for row in rows[:FOUND]]
    return Fragment("tokens/found.html", {"rows": found, "href": PATH}) if found else None


PANELS = (Panel("search", 30, search, lazy("Tokens"), needs="tokens:read"),)
HANDLERS = (tokens_page, export_tokens, set_status, remove_many)
