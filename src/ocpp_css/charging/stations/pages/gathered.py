"""What stations give to the overview and to the search."""

from datetime import timedelta
from typing import Any

from ocpp_css.charging.stations import store
from ocpp_css.charging.stations.pages.listing import PATH, rows_of
from ocpp_css.charging.stations.pages.words import STATUSES
from ocpp_css.edge import Fragment, Panel, PanelContext, lazy
from ocpp_css.storage import Unit

FOUND = 8
NAMED = 3
MOST_FAULTED = 1_000
A_DAY = timedelta(days=1)


async def figures(context: PanelContext) -> Fragment:
    """How many stations are online."""
    return Fragment("stations/figures.html", {"counts": await counted(context), "href": PATH})


async def counted(context: PanelContext) -> dict[str, int]:
    """The counts of stations, read once for all panels of a page."""
    known: dict[str, int] | None = context.request.state.get("station_counts")
    if known is None:
        known = context.request.state["station_counts"] = await store.count_by_presence(context.unit)
    return known


async def states(context: PanelContext) -> Fragment:
    """How many connectors are in each state."""
    counts = await store.count_by_state(context.unit)
    found = [(name, sign, counts[name]) for name, sign in STATUSES.items() if counts.get(name)]
    return Fragment("stations/states.html", {"found": found, "total": sum(counts.values()), "href": PATH})


async def attention(context: PanelContext) -> Fragment:
    """What of stations needs somebody: one line for each kind, none where all is well."""
    unit, counts = context.unit, await counted(context)
    broken = await store.faulted(unit, MOST_FAULTED)
    found = {
        "faulted": len(broken),
        "offline": counts["stations"] - counts["online"],
        "pending": counts["pending"],
        "weak": counts["weak"],
        "events": await store.count_security_events(unit, unit.now - A_DAY),
    }
    names = {
        "faulted": broken[:NAMED],
        "pending": await _names(unit, found["pending"], {"registration_status": "Pending"}),
        "offline": await _names(unit, found["offline"], {"online": False}),
    }
    latest = await store.security_events(unit, None, None, 1) if found["events"] else []
    whose = [*(await store.identities(unit, [latest[0].station_id])).values()] if latest else []
    return Fragment("stations/attention.html", {"found": found, "names": names, "whose": whose, "href": PATH})


async def _names(unit: Unit, count: int, filters: dict[str, Any]) -> list[str]:
    """The identities of the first few."""
    if not count:
        return []
    rows = await store.page(unit, filters=filters, order="identity", after=None, limit=NAMED)
    return [row.identity for row in rows[:NAMED]]


async def search(context: PanelContext) -> Fragment | None:
    """Stations that the text fits."""
    filters = {"search": context.subject}
    rows = await store.page(context.unit, filters=filters, order="identity", after=None, limit=FOUND)
    if not rows:
        return None
    found = await rows_of(context.unit, rows[:FOUND])
    return Fragment(
        "stations/found.html", {"rows": found, "has_more": len(rows) > FOUND, "query": context.subject, "href": PATH}
    )


PANELS = (
    Panel("overview.figures", 10, figures, needs="stations:read"),
    Panel("overview.attention", 10, attention, needs="stations:read"),
    Panel("overview", 20, states, lazy("Connectors by state"), needs="stations:read"),
    Panel("search", 10, search, lazy("Stations"), needs="stations:read"),
)
