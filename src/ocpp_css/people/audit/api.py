"""The audit log over REST."""

from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter
from litestar.response import Stream

from ocpp_css.edge import Principal, needs
from ocpp_css.kit.ids import public
from ocpp_css.kit.paging import Page, page_request
from ocpp_css.people.audit.model import ActorKind, Entry, Question
from ocpp_css.people.audit.service import entries, files
from ocpp_css.storage import Database, Unit


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
    reason: str
    number: int | None
    """Its place in the account's chain."""
    link: str | None


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
    search: FromQuery[str | None] = None,
) -> Page[AuditEntry]:
    """List the audit log, the newest entry first; `actor` is a name or an id, `action` is such as `api_key.created`."""
    question = Question(
        search=search or "", actor=actor or "", action=action or "", subject=subject or "", since=_aware(since),
        until=_aware(until),
    )  # fmt: skip
    page = await entries.page(unit, question, page_request(limit, cursor, sorts=("-id",)))
    return page.map(shown)


@get("/api/v1/audit/export", opt=needs("audit:read"))
async def export_audit(
    unit: NamedDependency[Unit],
    db: NamedDependency[Database],
    principal: NamedDependency[Principal],
    since: FromQuery[datetime | None] = None,
    until: FromQuery[datetime | None] = None,
    kind: Annotated[files.Kind, QueryParameter(name="format")] = "jsonl",
) -> Stream:
    """Export the audit log, the newest entry first, as CSV or as one JSON document a line (`format=jsonl`)."""
    question = Question(since=_aware(since), until=_aware(until))
    return export(unit, db, principal, question, kind)


def export(unit: Unit, db: Database, principal: Principal, question: Question, kind: files.Kind) -> Stream:
    """The file, and the entry that says who took it."""
    entries.record(unit, principal, "audit.exported", "audit", "*", None, {"format": kind})
    headers = {"Content-Disposition": f'attachment; filename="audit.{kind}"'}
    return Stream(files.export(db, unit.tenant, question, kind), media_type=files.MEDIA_TYPES[kind], headers=headers)


def _aware(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment
