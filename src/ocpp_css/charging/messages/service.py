"""The log as two messages an exchange, with the id tokens in their places again."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from ocpp_css.charging.messages import store
from ocpp_css.charging.messages.model import LogMessage
from ocpp_css.gateway.unreadable import ACTION as UNREADABLE
from ocpp_css.kit.ids import parse_public, public
from ocpp_css.kit.paging import Cursor, Page, PageRequest
from ocpp_css.storage import Unit
from ocpp_css.storage.pseudonyms import references_in, resolve


async def page(unit: Unit, station_id: int, filters: Mapping[str, Any], asked: PageRequest) -> Page[LogMessage]:
    """One page of messages, the newest first; `filters` as in the store, and `direction`, `message_type`."""
    before, part = _place(asked.after)
    found: list[LogMessage] = []
    while len(found) <= asked.limit:
        rows = await store.page(unit, station_id, filters, before, asked.limit)
        names = await resolve(unit, _references(rows))
        for row in rows:
            halves = messages_of(row._mapping, names)  # noqa: SLF001 - SQLAlchemy's public name for it
            found += [m for m in halves if _is_after(m, before, part) and _fits(m, filters)]
        if len(rows) <= asked.limit:
            break
        before, part = rows[-1].id - 1, None
    shown = found[: asked.limit]
    more = len(found) > asked.limit
    return Page(shown, Cursor(asked.sort, None, shown[-1].id).encode() if more else None)


def _place(after: Cursor | None) -> tuple[int | None, str | None]:
    if after is None:
        return None, None
    text, _, part = str(after.id).partition(".")
    return parse_public(text), part


def _is_after(message: LogMessage, before: int | None, part: str | None) -> bool:
    """Whether it lies behind the cursor, which stands on one half of its exchange."""
    if part is None or parse_public(message.exchange_id) != before:
        return True
    return part == "a" and message.id.endswith(".c")


def _fits(message: LogMessage, filters: Mapping[str, Any]) -> bool:
    direction, kind = filters.get("direction"), filters.get("message_type")
    return (direction is None or message.direction == direction) and (kind is None or message.message_type == kind)


def _references(rows: Iterable[Any]) -> set[str]:
    found: set[str] = set()
    for row in rows:
        found |= references_in(row.payload)
        if row.answer is not None:
            found |= references_in(row.answer)
    return found


def messages_of(row: Mapping[Any, Any], names: Mapping[str, str]) -> list[LogMessage]:
    """The answer (if there is one) and the call of an exchange, in this order."""
    has_answer = row["answer"] is not None or (row["error"] is not None and row["error"]["code"])
    return [_answer(row, names), _call(row, names)] if has_answer else [_call(row, names)]


def _answer(row: Mapping[Any, Any], names: Mapping[str, str]) -> LogMessage:
    at: datetime = row["at"]
    latency_us = row["latency_us"]
    return LogMessage(
        **_shared(row),
        id=f"{public(row['id'])}.a",
        direction="out" if row["direction"] == "in" else "in",
        message_type="CALLRESULT" if row["error"] is None else "CALLERROR",
        payload=_filled(row["answer"], names),
        error=row["error"],
        at=at + timedelta(microseconds=latency_us or 0),
        latency_ms=None if latency_us is None else latency_us / 1000,
        violations=[],
    )


def _call(row: Mapping[Any, Any], names: Mapping[str, str]) -> LogMessage:
    is_readable = row["action"] != UNREADABLE
    return LogMessage(
        **_shared(row),
        id=f"{public(row['id'])}.c",
        direction=row["direction"],
        message_type="CALL" if is_readable else "UNREADABLE",
        payload=_filled(row["payload"], names),
        error=None if is_readable or row["error"]["code"] else row["error"],
        at=row["at"],
        latency_ms=None,
        violations=row["notes"] or [],
    )


def _shared(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {
        "exchange_id": public(row["id"]),
        "message_id": row["message_id"],
        "action": row["action"],
        "transaction_id": None if row["transaction_id"] is None else public(row["transaction_id"]),
    }


def _filled(text: str | None, names: Mapping[str, str]) -> Any:
    """The payload with its references replaced; an erased one stays a reference."""
    if text is None:
        return None
    for reference in references_in(text):
        if reference in names:
            text = text.replace(reference, msgspec.json.encode(names[reference]).decode()[1:-1])
    return msgspec.json.decode(text)


async def live(unit: Unit, row: Mapping[str, Any]) -> Sequence[LogMessage]:
    """A message of the bus as the log shows it, the call first."""
    found = references_in(row["payload"]) | references_in(row["answer"] or "")
    names = await resolve(unit, found) if found else {}
    return messages_of({**row, "at": datetime.fromisoformat(row["at"])}, names)[::-1]
