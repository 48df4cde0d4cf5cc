"""A person's notices: the bell of every page, the list, the choices, and the way out of letters."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from ocpp_css.edge import Page, Principal, gettext, needs, page, public, redirect
from ocpp_css.edge.forms import posted_list
from ocpp_css.kit.errors import Forbidden
from ocpp_css.kit.ids import parse_public
from ocpp_css.kit.ids import public as public_id
from ocpp_css.kit.paging import page_request
from ocpp_css.people.notices.errors import NoticeUnknown
from ocpp_css.people.notices.model import CATEGORIES, Shown
from ocpp_css.people.notices.service import inbox
from ocpp_css.people.notices.service.choosing import Unsubscribing, choices, choose
from ocpp_css.storage import PROVIDER, Database

PATH = "/console/me/notices"
BELL = f"{PATH}/bell"
_SIGNS = {"security": "shield-lock", "account": "user", "operation": "charging-pile", "news": "inbox"}
Asked = Request[Any, Any, Any]


class NotAPerson(Forbidden):
    """An API key has no notices."""

    code = "person_needed"
    title = "Only a person who signed in may do this"
    explanation = "An API key has no notices."


def person(principal: Principal) -> int:
    """The number of the person who asks."""
    if principal.kind != "user":
        raise NotAPerson
    return principal.id


@get(BELL, opt=needs(""))
async def bell(db: NamedDependency[Database], principal: NamedDependency[Principal]) -> Page:
    unread = await inbox.count_unread(db.unit(PROVIDER), principal.id) if principal.kind == "user" else 0
    return page("notices/bell.html", unread=unread, most=inbox.MOST_COUNTED)


@get(PATH, opt=needs(""))
async def notices_page(request: Asked, db: NamedDependency[Database], principal: NamedDependency[Principal]) -> Page:
    unit, asked = db.unit(PROVIDER), page_request(50, request.query_params.get("cursor"), sorts=("-id",))
    found = await inbox.page(unit, person(principal), asked)
    chosen = await choices(unit, principal.id)
    return page(
        "notices/notices.html", title=gettext("Notices"), shown=[_row(one) for one in found.items],
        next=found.next_cursor, unread=await inbox.count_unread(unit, principal.id),
        choices=[(name, about, chosen[name]) for name, about in CATEGORIES.items()],
    )  # fmt: skip


@post(f"{PATH}/read", opt=needs(""), status_code=303)
async def read_all(
    request: Asked, db: NamedDependency[Database], principal: NamedDependency[Principal]
) -> Response[Any]:
    unit = db.unit(PROVIDER)
    await inbox.read_all(unit, person(principal))
    await unit.commit()
    return redirect(request, PATH)


@post(f"{PATH}/{{notice_id:str}}/read", opt=needs(""), status_code=303)
async def read_one(
    request: Asked,
    db: NamedDependency[Database],
    principal: NamedDependency[Principal],
    notice_id: FromPath[str],
) -> Response[Any]:
    number = parse_public(notice_id)
    if number is None:
        raise NoticeUnknown
    unit = db.unit(PROVIDER)
    shown = await inbox.read(unit, person(principal), number)
    await unit.commit()
    return redirect(request, shown.notice.path or PATH)


@post(f"{PATH}/choices", opt=needs(""), status_code=303)
async def keep_choices(
    request: Asked, db: NamedDependency[Database], principal: NamedDependency[Principal]
) -> Response[Any]:
    wanted = set(await posted_list(request, "mail"))
    unit = db.unit(PROVIDER)
    for name, about in CATEGORIES.items():
        if not about.is_mandatory:
            choose(unit, person(principal), name, by_mail=name in wanted)
    await unit.commit()
    return redirect(request, PATH)


@get("/unsubscribe/{token:str}", opt=public())
async def unsubscribe_page(unsubscribing: NamedDependency[Unsubscribing], token: FromPath[str]) -> Page:
    _user, category = unsubscribing.read(token)
    return page("notices/unsubscribe.html", title=gettext("Letters"), about=CATEGORIES[category], is_done=False)


@post("/unsubscribe/{token:str}", opt=public(csrf=False), status_code=200)
async def unsubscribe(
    db: NamedDependency[Database], unsubscribing: NamedDependency[Unsubscribing], token: FromPath[str]
) -> Page:
    """By a mail program at one click (RFC 8058), or by the button of the page; the link alone can do nothing else."""
    user_id, category = unsubscribing.read(token)
    unit = db.unit(PROVIDER)
    choose(unit, user_id, category, by_mail=False)
    await unit.commit()
    return page("notices/unsubscribe.html", title=gettext("Letters"), about=CATEGORIES[category], is_done=True)


def _row(shown: Shown) -> dict[str, Any]:
    notice = shown.notice
    return {
        "id": public_id(shown.notice_id),
        "icon": _SIGNS[notice.category],
        "title": gettext(notice.title, **notice.values),
        "text": gettext(notice.text, **notice.values),
        "facts": [(gettext(label), value) for label, value in notice.facts],
        "path": notice.path,
        "action": gettext(notice.action),
        "at": shown.at,
        "is_read": shown.read_at is not None,
    }
