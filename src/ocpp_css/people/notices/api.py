"""One's notices over REST."""

from datetime import datetime

import msgspec
from litestar import get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from ocpp_css.edge import Principal, gettext, needs
from ocpp_css.kit.ids import parse_public, public
from ocpp_css.kit.paging import Page, page_request
from ocpp_css.people.notices.errors import NoticeUnknown
from ocpp_css.people.notices.model import CATEGORIES, Category, Shown
from ocpp_css.people.notices.pages import person
from ocpp_css.people.notices.service import inbox
from ocpp_css.people.notices.service.choosing import choices, choose
from ocpp_css.storage import PROVIDER, Database


class NoticeShown(msgspec.Struct, frozen=True, kw_only=True):
    """A notice in the caller's language."""

    id: str
    category: Category
    title: str
    text: str
    facts: dict[str, str]
    path: str
    at: datetime
    is_read: bool


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """Whether letters of a category come; those of a mandatory one always do."""

    category: Category
    by_mail: bool
    is_mandatory: bool


class NewChoice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A choice of letters."""

    by_mail: bool


def shown(one: Shown) -> NoticeShown:
    """The notice with its number as public text."""
    notice = one.notice
    return NoticeShown(
        id=public(one.notice_id), category=notice.category, title=gettext(notice.title, **notice.values),
        text=gettext(notice.text, **notice.values), facts={gettext(label): value for label, value in notice.facts},
        path=notice.path, at=one.at, is_read=one.read_at is not None,
    )  # fmt: skip


@get("/api/v1/me/notices", opt=needs(""))
async def list_notices(
    db: NamedDependency[Database],
    principal: NamedDependency[Principal],
    limit: FromQuery[int | None] = None,
    cursor: FromQuery[str | None] = None,
) -> Page[NoticeShown]:
    """List one's notices, the newest first."""
    request = page_request(limit, cursor, sorts=("-id",))
    return (await inbox.page(db.unit(PROVIDER), person(principal), request)).map(shown)


@post("/api/v1/me/notices/{notice_id:str}/read", opt=needs(""), status_code=204)
async def mark_read(
    db: NamedDependency[Database], principal: NamedDependency[Principal], notice_id: FromPath[str]
) -> None:
    """Mark a notice as read."""
    number = parse_public(notice_id)
    if number is None:
        raise NoticeUnknown
    unit = db.unit(PROVIDER)
    await inbox.read(unit, person(principal), number)
    await unit.commit()


async def chosen_by(db: Database, principal: Principal) -> list[Choice]:
    """Each kind of letters, and whether it comes."""
    chosen = await choices(db.unit(PROVIDER), person(principal))
    return [
        Choice(category=name, by_mail=chosen[name], is_mandatory=about.is_mandatory)
        for name, about in CATEGORIES.items()
    ]


@get("/api/v1/me/letters", opt=needs(""))
async def list_choices(db: NamedDependency[Database], principal: NamedDependency[Principal]) -> list[Choice]:
    """List the kinds of letters, and which of them come."""
    return await chosen_by(db, principal)


@put("/api/v1/me/letters/{category:str}", opt=needs(""))
async def set_choice(
    db: NamedDependency[Database],
    principal: NamedDependency[Principal],
    category: FromPath[str],
    data: JSONBody[NewChoice],
) -> list[Choice]:
    """Choose whether letters of a category come."""
    unit = db.unit(PROVIDER)
    choose(unit, person(principal), category, by_mail=data.by_mail)
    await unit.commit()
    return await chosen_by(db, principal)
