"""What the feed offers."""

from ocpp_css.assembly import Area
from ocpp_css.outreach.feed import api

AREA = Area(
    name="outreach/feed",
    routes=[api.watch_events],
    permissions={"events:read": "Watch what happens in the account"},
)
