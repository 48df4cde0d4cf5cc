"""The live log on a station's page."""

from datetime import datetime, timedelta
from urllib.parse import quote, urlencode

from ocpp_css.charging import stations
from ocpp_css.edge import Fragment, Panel, PanelContext

AT_ONCE = 200
AFTERWARDS = timedelta(milliseconds=300)
"""A link to one message shows what came up to so much later."""


async def log(context: PanelContext) -> Fragment:
    """The log as it runs; with `message` and `at` in the address, as it was around that message."""
    seen: stations.Seen = context.subject
    asked = context.request.query_params
    base = f"/api/v1/stations/{quote(seen.station.identity, safe='')}/messages"
    params = {"limit": str(AT_ONCE)}
    shown, at = asked.get("message", "")[:40], _moment(asked.get("at", ""))
    if shown and at is not None:
        params["until"] = (at + AFTERWARDS).isoformat()
    is_live = "until" not in params
    return Fragment(
        "messages/log.html",
        {
            "seen": seen,
            "src": f"{base}/live" if is_live else "",
            "history": f"{base}?{urlencode(params)}",
            "link": f"{seen.href}/log",
            "shown": "" if is_live else shown,
            "name": f"{seen.station.identity}-messages.json",
        },
    )


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        return None
    return found if found.tzinfo else None


PANELS = (Panel("station.log", 10, log, needs="messages:read", width=2),)
