"""Entering and reading: everything that changes something leaves an entry, in the same unit; so does reading about
people.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

import msgspec

from ocpp_css.edge.principal import Principal
from ocpp_css.kit.paging import Page, PageRequest, page_of
from ocpp_css.people.audit import store
from ocpp_css.people.audit.model import ActorKind, Entry, Question
from ocpp_css.storage import Unit

MOST_ACTORS = 2_000
"""Names that are looked through at a search: of the people and keys that did something last."""
READ_AGAIN_AFTER = timedelta(hours=1)
"""Who reads the same on and on leaves one entry in this time."""


def record(  # noqa: PLR0917 - who did what to which thing, how it was, how it is
    unit: Unit, principal: Principal, action: str, subject_kind: str, subject: str,
    before: Any = None, after: Any = None, *, address: str = "", reason: str = "",
) -> None:  # fmt: skip
    """Enter into the log, with the unit's own writes, that `principal` did `action` to `subject`.

    The entry goes to the unit's account; a unit of the service writes it to the account the principal acts for.
    Without `address` it is the request's. `before` and `after` are JSON values of the members that changed, never a
    secret; `reason` is what the person said of why.
    """
    entry = Entry(
        id=unit.new_id(), at=unit.now, actor_kind=_kind(principal), actor_id=principal.id, actor_name=principal.name,
        action=action, subject_kind=subject_kind, subject=subject, before=before, after=after,
        address=address or principal.address, reason=reason,
    )  # fmt: skip
    store.add(unit, unit.tenant or principal.tenant, entry)


async def record_read(unit: Unit, principal: Principal, action: str, subject_kind: str, subject: str = "*") -> None:
    """Enter that `principal` looked at what is kept about others, once an hour for the same reader and thing."""
    since = unit.now - READ_AGAIN_AFTER
    if not await store.has_entry(unit, principal.id, action, subject, since):
        record(unit, principal, action, subject_kind, subject)


async def done_by(unit: Unit, actor_id: int, actions: Collection[str], since: datetime) -> list[Entry]:
    """What of these actions a person or key did in the unit's account since then, in the order it was done."""
    return await store.done_by(unit, actor_id, actions, since)


def _kind(principal: Principal) -> ActorKind:
    if principal.kind == "anonymous" and principal.name:
        return "service"
    return principal.kind


async def page(unit: Unit, question: Question, request: PageRequest) -> Page[Entry]:
    """One page of the account's log, the newest entry first."""
    question = await understood(unit, question)
    entries = await store.page(unit, question, request.after, request.limit)
    return page_of(entries, request, lambda entry: (None, entry.id))


async def understood(unit: Unit, question: Question) -> Question:
    """The question with the numbers of those whom it names.

    The database cannot look into names, which are sealed: those of all who are in the log are opened and compared, a
    part of the name for `search`, the whole for `actor`. Who was erased has none any more.
    """
    if not (question.search or question.actor):
        return question
    part, whole = question.search.casefold(), question.actor.casefold()
    named = [(entry.actor_id, entry.actor_name.casefold()) for entry in await store.actors(unit, MOST_ACTORS)]
    found = [number for number, name in named if (part and part in name) or (whole and whole == name)]
    return msgspec.structs.replace(question, actors=tuple(found))
