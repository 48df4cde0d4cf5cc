"""A list as a table: what the address says about search, filters, order and page, and the links that change it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlencode

from litestar import Request

from ocpp_css.edge.i18n import LazyText
from ocpp_css.kit.paging import Page, PageRequest, page_request

Words = str | LazyText
_DAY = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")
_LONGEST_TEXT = 100


@dataclass(frozen=True, slots=True)
class Column:
    """A column: `sort` names the order it can give, `is_numeric` sets it to the end, hidden ones can be chosen."""

    key: str
    label: Words
    sort: str = ""
    is_numeric: bool = False
    is_hidden: bool = False


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter chip: a parameter and its choices (value, label); or a `text` or `date` that is typed."""

    key: str
    label: Words
    choices: Sequence[tuple[str, Words]] = ()
    kind: Literal["choice", "text", "date"] = "choice"

    def reads(self, value: str) -> bool:
        """Whether the value is one that this filter takes."""
        match self.kind:
            case "choice":
                return value in {choice for choice, _ in self.choices}
            case "date":
                return bool(_DAY.fullmatch(value))
            case _:
                return 0 < len(value) <= _LONGEST_TEXT


@dataclass(frozen=True, slots=True)
class BulkAction:
    """Something done to the selected rows: posted to `href` with their `id`s, asked once when `confirm` is set."""

    label: Words
    href: str
    icon: str = ""
    confirm: Words = ""
    is_dangerous: bool = False


@dataclass(frozen=True, slots=True)
class View:
    """One way to look at a list; `keep` is the cookie (`name=value`) that makes the browser remember it."""

    label: Words
    href: str
    icon: str
    keep: str
    is_here: bool


@dataclass(frozen=True, slots=True)
class Empty:
    """What an empty list says: why, and what to do."""

    title: Words
    text: Words = ""
    icon: str = "inbox"
    action: Words = ""
    href: str = ""


@dataclass(frozen=True, slots=True)
class TableQuery:
    """What the address asks of a list."""

    path: str
    search: str
    chosen: Mapping[str, str]
    paging: PageRequest
    cursor: str = ""

    @classmethod
    def of(
        cls, request: Request[Any, Any, Any], *, sorts: Sequence[str] = ("id",), filters: Sequence[Filter] = ()
    ) -> "TableQuery":
        """Read `q`, the filters, `sort`, `cursor` and `limit`; unknown filter values are dropped."""
        asked = request.query_params
        chosen = {}
        for one in filters:
            value = asked.get(one.key, "").strip()
            if one.reads(value):
                chosen[one.key] = value
        limit, cursor = asked.get("limit", ""), asked.get("cursor", "")
        paging = page_request(int(limit[:9]) if limit.isdecimal() else None, cursor, asked.get("sort"), sorts=sorts)
        return cls(request.scope["path"], asked.get("q", "").strip()[:200], chosen, paging, cursor)

    @property
    def is_narrowed(self) -> bool:
        """Whether a search or a filter leaves rows out."""
        return bool(self.search or self.chosen)

    @property
    def here(self) -> str:
        """The address of the page that is shown."""
        return self.href(cursor=self.cursor)

    def href(self, **changes: str | None) -> str:
        """The list's address with some parameters changed; the cursor is dropped unless given."""
        params = {"q": self.search, **self.chosen, "sort": self.paging.sort}
        params.update({key: value or "" for key, value in changes.items()})
        kept = {key: value for key, value in params.items() if value}
        return f"{self.path}?{urlencode(kept)}" if kept else self.path


@dataclass(frozen=True, slots=True)
class Table:
    """A table as the piece `tables.table` draws it; rows are the items of `page`.

    It is fetched anew at the events `refresh_on` of the live stream, and when `changed_on` is triggered on the
    page. With `is_tiled` the rows are tiles.
    """

    id: str
    label: Words
    columns: Sequence[Column]
    query: TableQuery
    page: Page[Any]
    empty: Empty
    filters: Sequence[Filter] = ()
    bulk: Sequence[BulkAction] = ()
    export: str = ""
    has_search: bool = True
    refresh_on: str = ""
    changed_on: str = ""
    views: Sequence[View] = ()
    is_tiled: bool = False

    def sort_href(self, column: Column) -> str:
        """The address that sorts by `column`, the other way round when it does already."""
        is_up = self.query.paging.sort == column.sort
        return self.query.href(sort=f"-{column.sort}" if is_up else column.sort)

    def sorted_as(self, column: Column) -> str:
        """The value of aria-sort."""
        if not column.sort or self.query.paging.column != column.sort:
            return "none"
        return "descending" if self.query.paging.is_descending else "ascending"

    @property
    def next_href(self) -> str:
        """The address of the next page, empty on the last."""
        return self.query.href(cursor=self.page.next_cursor) if self.page.next_cursor else ""
