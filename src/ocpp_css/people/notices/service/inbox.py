"""A person's notices in the console."""

from ocpp_css.kit.paging import Page, PageRequest, page_of
from ocpp_css.people.notices import store
from ocpp_css.people.notices.errors import NoticeUnknown
from ocpp_css.people.notices.model import Shown
from ocpp_css.people.notices.service.posting import topic_of
from ocpp_css.storage import Unit

MOST_COUNTED = 100


async def page(unit: Unit, user_id: int, request: PageRequest) -> Page[Shown]:
    """A page of the person's notices, the newest first."""
    found = await store.notices(unit, user_id, request.after, request.limit)
    return page_of(found, request, lambda one: (None, one.notice_id))


async def count_unread(unit: Unit, user_id: int) -> int:
    """How many the person has not read, up to a hundred."""
    return len(await store.unread(unit, user_id, MOST_COUNTED))


async def read(unit: Unit, user_id: int, notice_id: int) -> Shown:
    """The person has read this one; NoticeUnknown where it is none of theirs."""
    shown = await store.one(unit, user_id, notice_id)
    if shown is None:
        raise NoticeUnknown
    if shown.read_at is None:
        store.mark_read(unit, shown)
        unit.tell(topic_of(user_id), {"id": "", "category": ""})
    return shown


async def read_all(unit: Unit, user_id: int) -> None:
    """The person has read all of them."""
    for shown in await store.unread(unit, user_id, MOST_COUNTED):
        store.mark_read(unit, shown)
    unit.tell(topic_of(user_id), {"id": "", "category": ""})
