"""The log as a file: CSV for people, one JSON document a line for programs; written some hundred entries at a time."""

from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any, Literal

import msgspec

from ocpp_css.edge.exports import csv_lines
from ocpp_css.kit.clock import rfc3339
from ocpp_css.kit.ids import public
from ocpp_css.kit.paging import Cursor
from ocpp_css.people.audit import store
from ocpp_css.people.audit.model import Entry, Question
from ocpp_css.people.audit.service.entries import understood
from ocpp_css.storage import Database

EXPORT_CHUNK = 500
Kind = Literal["csv", "jsonl"]
MEDIA_TYPES: dict[str, str] = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl; charset=utf-8"}
_COLUMNS = (
    "at", "actor_kind", "actor", "actor_name", "action", "subject_kind", "subject", "before", "after", "address",
    "reason", "number", "link",
)  # fmt: skip


async def export(db: Database, account: int, question: Question, kind: Kind) -> AsyncIterator[str]:
    """All entries of the account that fit, the newest first."""
    write: Callable[[Iterable[list[Any]]], str] = csv_lines if kind == "csv" else _json_lines
    if kind == "csv":
        yield csv_lines([_COLUMNS])
    question = await understood(db.unit(account), question)
    after: Cursor | None = None
    while True:
        entries = await store.page(db.unit(account), question, after, EXPORT_CHUNK)
        shown = entries[:EXPORT_CHUNK]
        yield write(_cells(entry) for entry in shown)
        if len(entries) <= EXPORT_CHUNK:
            return
        after = Cursor("-id", None, shown[-1].id)


def _cells(entry: Entry) -> list[Any]:
    return [
        rfc3339(entry.at), entry.actor_kind, public(entry.actor_id), entry.actor_name, entry.action, entry.subject_kind,
        entry.subject, entry.before, entry.after, entry.address, entry.reason, entry.number, entry.link,
    ]  # fmt: skip


def _json_lines(rows: Iterable[list[Any]]) -> str:
    lines = (msgspec.json.encode(dict(zip(_COLUMNS, row, strict=True))).decode() for row in rows)
    return "".join(f"{line}\n" for line in lines)
