"""What the feed offers."""

from pathlib import Path

from ocpp_css.assembly import Area
from ocpp_css.outreach.feed import api, pages

AREA = Area(
    name="outreach/feed",
    routes=[api.watch_events, api.watch_own],
    panels=pages.PANELS,
    templates=Path(__file__).parent / "templates",
    permissions={"events:read": "Watch what happens in the account"},
)
