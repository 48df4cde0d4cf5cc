"""Pages of a list by cursor: stable while rows come and go, and cheap at any depth."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from ocpp_css.kit.errors import Fault, Invalid

T = TypeVar("T")
U = TypeVar("U")
SortValue = str | int | float | bool | datetime | None

DEFAULT_LIMIT = 50
MAX_LIMIT = 500
_LONGEST_CURSOR = 1024
_MAX_ID = 2**63 - 1


class BadCursor(Invalid):
    """The cursor was not made by this service, or for another order."""

    code = "invalid_cursor"
    title = "The cursor is not valid"
    explanation = "Ask for the first page again, without a cursor."

    def __init__(self) -> None:
        super().__init__(errors=[Fault("cursor", self.title)])


@dataclass(frozen=True, slots=True)
class Cursor:
    """The place after which a page begins: the last row's sort value and its id, under the order it was made for."""

    order: str
    value: SortValue
    id: int | str

    def encode(self) -> str:
        """The opaque text that a client hands back."""
        value = {"t": self.value.isoformat()} if isinstance(self.value, datetime) else self.value
        raw = json.dumps([self.order, value, self.id], separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

    @classmethod
    def decode(cls, text: str, order: str) -> "Cursor":
        """Read a cursor of this `order`; anything else is a `BadCursor`."""
        if len(text) > _LONGEST_CURSOR:
            raise BadCursor
        try:
            raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            made_for, value, row = json.loads(raw)
            value = _sort_value(value)
        except (ValueError, TypeError, KeyError, RecursionError, binascii.Error):
            raise BadCursor from None
        if made_for != order or not _is_id(row):
            raise BadCursor
        return cls(order, value, row)


def _sort_value(value: object) -> SortValue:
    if isinstance(value, dict):
        moment = datetime.fromisoformat(value["t"])
        if moment.tzinfo is None:
            raise BadCursor
        return moment
    if value is None or isinstance(value, (str, bool, float)):
        return value
    if _is_id(value) and isinstance(value, int):
        return value
    raise BadCursor


def _is_id(row: object) -> bool:
    if isinstance(row, bool):
        return False
    return isinstance(row, str) or (isinstance(row, int) and abs(row) <= _MAX_ID)


@dataclass(frozen=True, slots=True)
class PageRequest:
    """What a client asked of a list: how many, after which place, in which order (`-name` is descending)."""

    limit: int = DEFAULT_LIMIT
    after: Cursor | None = None
    sort: str = ""

    @property
    def is_descending(self) -> bool:
        """Whether the order runs from high to low."""
        return self.sort.startswith("-")

    @property
    def column(self) -> str:
        """The name of the sort column, without direction."""
        return self.sort.removeprefix("-")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list; `next_cursor` is None on the last."""

    items: list[T]
    next_cursor: str | None = None

    def map(self, change: Callable[[T], U]) -> "Page[U]":
        """The same page with each item changed, such as from model to answer."""
        return Page([change(item) for item in self.items], self.next_cursor)


def page_request(
    limit: int | None = None,
    cursor: str | None = None,
    sort: str | None = None,
    *,
    sorts: Sequence[str] = ("id",),
    ids: type[int] | type[str] = int,
) -> PageRequest:
    """Read the list parameters: `limit` is clamped to 1..500, `sort` must be one of `sorts` (the first by default).

    A cursor whose id is not of `ids` is a `BadCursor`: a database would refuse to compare it.
    """
    order = sort or sorts[0]
    if order.removeprefix("-") not in {name.removeprefix("-") for name in sorts}:
        raise Invalid(
            "This list cannot be sorted by {sort}.",
            errors=[Fault("sort", "One of: " + ", ".join(name.removeprefix("-") for name in sorts))],
            sort=order,
        )
    after = Cursor.decode(cursor, order) if cursor else None
    if after is not None and not isinstance(after.id, ids):
        raise BadCursor
    return PageRequest(max(1, min(DEFAULT_LIMIT if limit is None else limit, MAX_LIMIT)), after, order)


def page_of(rows: Sequence[T], request: PageRequest, place: Callable[[T], tuple[SortValue, int | str]]) -> Page[T]:
    """Make the page out of up to `limit + 1` rows read after the cursor; `place` gives a row's sort value and id."""
    if len(rows) <= request.limit:
        return Page(list(rows))
    shown = list(rows[: request.limit])
    return Page(shown, Cursor(request.sort, *place(shown[-1])).encode())
