"""The message log: one row an exchange, which is the one row that most messages write (RULES 3.5)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Column, Index, Integer, Row, Text, literal

from ocpp_css.kit.ids import LARGEST
from ocpp_css.ocpp.messages import TokenPath
from ocpp_css.storage import AnySelect, Document, Unit, UtcTime, late_index, tenant_table
from ocpp_css.storage.pseudonyms import Pseudonyms

MESSAGES = tenant_table(
    "messages",
    Column("id", BigInteger),
    Column("station_id", BigInteger, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("direction", Text, nullable=False),
    Column("message_id", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("answer", Text),
    Column("error", Document),
    Column("latency_us", Integer),
    Column("transaction_id", BigInteger),
    Column("digest", BigInteger),
    Column("notes", Document),
    key=("id",),
)
"""A request and its answer; `direction` is that of the request: `in` from the station, `out` to it.

`digest` tells the same meaning again, `notes` are the breaches of the schema that were put right.
"""

LATE = late_index(MESSAGES, "station_id", "id")

Index(
    "ix_messages_errors",
    MESSAGES.c.tenant_id,
    MESSAGES.c.station_id,
    MESSAGES.c.id,
    sqlite_where=MESSAGES.c.error.is_not(None),
    postgresql_where=MESSAGES.c.error.is_not(None),
)
"""Refused messages are rare, and looked for."""

BULK = ("MeterValues", "TransactionEvent")
"""What most rows are: kept out of the index of actions, so that they pay nothing for it."""

RARE = MESSAGES.c.action.not_in([literal(name, literal_execute=True) for name in BULK])
"""The condition of the index, which a query must repeat to the letter."""

Index(
    "ix_messages_rare",
    MESSAGES.c.tenant_id,
    MESSAGES.c.station_id,
    MESSAGES.c.action,
    MESSAGES.c.id,
    sqlite_where=RARE,
    postgresql_where=RARE,
)


ROWS_AT_ONCE = 10_000

_TOLD = (
    "id", "direction", "message_id", "action", "payload", "answer", "error", "latency_us", "transaction_id", "notes",
)  # fmt: skip


async def of_stations(
    unit: Unit,
    query: AnySelect,
    stations: Sequence[int],
    *,
    ids: tuple[int, int] = (0, LARGEST),
    limit: int,
    is_newest_first: bool = True,
) -> dict[int, list[Row[Any]]]:
    """Rows of each station, in the order of their ids, at most `limit` of each; `ids`: the first and last that count.

    `query` selects from `MESSAGES` and may narrow further; `id` and `station_id` are among its columns.
    """
    late = {station: unit.late_rows(MESSAGES, station) for station in stations}
    place = MESSAGES.c if None in late.values() else LATE.c
    part = query if place is MESSAGES.c else query.select_from(LATE.join(MESSAGES, LATE.c.id == MESSAGES.c.id))
    part = part.where(place.id.between(*ids)).order_by(place.id.desc() if is_newest_first else place.id).limit(limit)
    found: dict[int, dict[int, Row[Any]]] = {station: {} for station in stations}
    if len(stations) == 1:
        rows = await unit.all(part.where(place.station_id == stations[0]))
    else:
        rows = await unit.of_each(part, place.station_id, stations)
    for row in rows:
        found[row.station_id][row.id] = row
    numbers = sorted(n for rows in late.values() for n in rows or () if ids[0] <= n <= ids[1])
    for start in range(0, len(numbers), ROWS_AT_ONCE):
        for row in await unit.all(query.where(MESSAGES.c.id.in_(numbers[start : start + ROWS_AT_ONCE]))):
            found[row.station_id][row.id] = row
    return {
        station: [rows[number] for number in sorted(rows, reverse=is_newest_first)[:limit]]
        for station, rows in found.items()
    }


class Exchange:
    """One request and its answer on the way into the log; handlers may add the transaction and the digest.

    A handler that recognises the same meaning again says `is_repeat`: then no second row is written.
    """

    __slots__ = (
        "action", "answer", "at", "digest", "direction", "error", "id", "is_repeat", "latency_us",
        "message_id", "notes", "payload", "transaction_id",
    )  # fmt: skip

    def __init__(self, direction: str, message_id: str, action: str, at: datetime) -> None:
        self.begin_row(direction, message_id, action, at)

    def begin_row(self, direction: str, message_id: str, action: str, at: datetime) -> None:
        """An empty row; `payload` and the end of the exchange are still to come."""
        self.direction = direction
        self.message_id = message_id
        self.action = action
        self.at = at
        self.id = 0
        self.is_repeat = False
        self.payload = ""
        self.answer: str | None = None
        self.error: dict[str, Any] | None = None
        self.latency_us: int | None = None
        self.transaction_id: int | None = None
        self.digest: int | None = None
        self.notes: list[dict[str, str]] | None = None

    def record(self, unit: Unit, station_id: int) -> None:
        """Put the row into the unit."""
        self.id = unit.new_id()
        row = (
            self.id, station_id, self.at, self.direction, self.message_id, self.action, self.payload, self.answer,
            self.error, self.latency_us, self.transaction_id, self.digest, self.notes,
        )  # fmt: skip
        unit.insert_values(MESSAGES, row)

    def message(self) -> dict[str, Any]:
        """The row as a live watcher gets it."""
        return {name: getattr(self, name) for name in _TOLD} | {"at": self.at.isoformat()}


def masked(payload: bytes, paths: tuple[TokenPath, ...], unit: Unit, pseudonyms: Pseudonyms) -> str:
    """The payload as text with each id token replaced by its reference (RULES 3.5)."""
    return _masked(payload, paths, unit, pseudonyms) if paths else payload.decode()


def _masked(payload: bytes, paths: tuple[TokenPath, ...], unit: Unit, pseudonyms: Pseudonyms) -> str:
    text = payload.decode()
    document = msgspec.json.decode(payload)
    for value in {found for path in paths for found in _found(document, path)}:
        quoted = msgspec.json.encode(value).decode()
        reference = msgspec.json.encode(pseudonyms.refer(unit, value)).decode()
        if quoted not in text:
            text = msgspec.json.encode(document).decode()
        text = text.replace(quoted, reference)
    return text


def _found(document: Any, path: TokenPath) -> list[str]:
    """The texts at `path`; a member that is missing or has another type has none."""
    if not path:
        return [document] if isinstance(document, str) else []
    step, rest = path[0], path[1:]
    if step == "*":
        return [found for item in document for found in _found(item, rest)] if isinstance(document, list) else []
    return _found(document[step], rest) if isinstance(document, dict) and step in document else []
