"""The audit log over REST."""

from datetime import UTC, datetime
from typing import Any

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromQuery

from ocpp_css.edge import needs
from ocpp_css.kit.ids import public
from ocpp_css.kit.paging import Page, page_request
from ocpp_css.people.audit import service
from ocpp_css.people.audit.model import ActorKind, Entry, Question
from ocpp_css.storage import Unit


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One entry as the interface tells it."""

    id: str
    at: datetime
    actor_kind: ActorKind
    actor_id: str | None
    actor_name: str
    action: str
    subject_kind: str
    subject: str
    before: Any
    after: Any
    address: str


def shown(entry: Entry) -> AuditEntry:
    """The entry with its numbers as public texts."""
    fields = msgspec.structs.asdict(entry)
    fields.update(id=public(entry.id), actor_id=public(entry.actor_id) if entry.actor_id else None)
    return AuditEntry(**fields)


@get("/api/v1/audit", opt=needs("audit:read"))
async def list_audit(  # noqa: PLR0917 - the filters of the list
    unit: NamedDependency[Unit],
    limit: FromQuery[int | None] = None,
    cursor: FromQuery[str | None] = None,
    actor: FromQuery[str | None] = None,
    action: FromQuery[str | None] = None,
    subject: FromQuery[str | None] = None,
    since: FromQuery[datetime | None] = None,
    until: FromQuery[datetime | None] = None,
) -> Page[AuditEntry]:
    """List the audit log, the newest entry first; `actor` is a name or an id, `action` is such as `api_key.created`."""
    question = Question(
        actor=actor or "", action=action or "", subject=subject or "", since=_aware(since), until=_aware(until)
    )
    page = await service.page(unit, question, page_request(limit, cursor, sorts=("-id",)))
    return page.map(shown)


def _aware(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment
