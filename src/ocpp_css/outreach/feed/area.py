"""What the feed offers."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

from ocpp_css.assembly import Area, Wiring
from ocpp_css.outreach.feed import api, jobs, pages
from ocpp_css.storage.removing import forgetting


async def start(wiring: Wiring) -> Callable[[], Awaitable[None]] | None:
    """Forget old events each hour."""
    if not wiring.does_timed_work:
        return None
    keep = timedelta(days=wiring.settings.keep_events_days)
    return forgetting("events", lambda: jobs.forget(wiring.db, keep))


AREA = Area(
    name="outreach/feed",
    start=start,
    routes=[api.watch_events, api.watch_own],
    panels=pages.PANELS,
    templates=Path(__file__).parent / "templates",
    permissions={"events:read": "Watch what happens in the account"},
)
