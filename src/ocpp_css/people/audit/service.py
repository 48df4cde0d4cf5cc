"""The rules of the audit log: everything that changes something leaves an entry, in the same unit."""

from collections.abc import AsyncIterator
from typing import Any

from ocpp_css.edge.exports import csv_lines
from ocpp_css.edge.principal import Principal
from ocpp_css.kit.clock import rfc3339
from ocpp_css.kit.ids import public
from ocpp_css.kit.paging import Cursor, Page, PageRequest, page_of
from ocpp_css.people.audit import store
from ocpp_css.people.audit.model import ActorKind, Entry, Question
from ocpp_css.storage import Unit

EXPORT_CHUNK = 500
_COLUMNS = (
    "at",
    "actor_kind",
    "actor",
    "actor_name",
    "action",
    "subject_kind",
    "subject",
    "before",
    "after",
    "address",
)


def record(  # noqa: PLR0917 - who did what to which thing, how it was, how it is
    unit: Unit, principal: Principal, action: str, subject_kind: str, subject: str,
    before: Any = None, after: Any = None, *, address: str = "",
) -> None:  # fmt: skip
    """Enter into the log, with the unit's own writes, that `principal` did `action` to `subject`.

    The entry goes to the unit's account; a unit of the service writes it to the account the principal acts for.
    Without `address` it is the request's. `before` and `after` are JSON values of the members that changed, never a
    secret.
    """
    entry = Entry(
        id=unit.new_id(), at=unit.now, actor_kind=_kind(principal), actor_id=principal.id, actor_name=principal.name,
        action=action, subject_kind=subject_kind, subject=subject, before=before, after=after,
        address=address or principal.address,
    )  # fmt: skip
    store.add(unit, unit.tenant or principal.tenant, entry)


def _kind(principal: Principal) -> ActorKind:
    if principal.kind == "anonymous" and principal.name:
        return "service"
    return principal.kind


async def page(unit: Unit, question: Question, request: PageRequest) -> Page[Entry]:
    """One page of the account's log, the newest entry first."""
    entries = await store.page(unit, question, request.after, request.limit)
    return page_of(entries, request, lambda entry: (None, entry.id))


async def as_csv(unit: Unit, question: Question) -> AsyncIterator[str]:
    """All entries that fit, as lines of CSV, some hundred at a time."""
    yield csv_lines([_COLUMNS])
    after: Cursor | None = None
    while True:
        entries = await store.page(unit, question, after, EXPORT_CHUNK)
        shown = entries[:EXPORT_CHUNK]
        yield csv_lines(_cells(entry) for entry in shown)
        if len(entries) <= EXPORT_CHUNK:
            return
        after = Cursor("-id", None, shown[-1].id)


def _cells(entry: Entry) -> list[Any]:
    return [
        rfc3339(entry.at), entry.actor_kind, public(entry.actor_id), entry.actor_name, entry.action, entry.subject_kind,
        entry.subject, entry.before, entry.after, entry.address,
    ]  # fmt: skip
