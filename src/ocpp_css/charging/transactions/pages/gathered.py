"""What transactions give to a station's page, to the overview and to the search."""

from collections.abc import Sequence
from typing import Any

from ocpp_css.charging import stations
from ocpp_css.charging.transactions import store
from ocpp_css.charging.transactions.pages.listing import PATH, signed
from ocpp_css.charging.transactions.service import queries
from ocpp_css.charging.transactions.service.shown import masks_tokens, shown_rows
from ocpp_css.edge import Fragment, Panel, PanelContext, lazy
from ocpp_css.kit.ids import parse_public
from ocpp_css.kit.paging import page_of, page_request

OPEN_SHOWN = 8
FOUND = 8
OF_STATION = 25


async def figures(context: PanelContext) -> Fragment:
    """Sessions, power and energy of the account."""
    return Fragment("transactions/figures.html", {"found": await queries.figures(context.unit), "href": PATH})


async def running(context: PanelContext) -> Fragment:
    """What charges now."""
    rows = await store.page(context.unit, {"open": True}, None, OPEN_SHOWN)
    found = signed(
        await shown_rows(context.unit, rows[:OPEN_SHOWN], is_masked=masks_tokens(context.principal)), context.unit.now
    )
    return Fragment(
        "transactions/running.html", {"found": found, "has_more": len(rows) > OPEN_SHOWN, "href": PATH, "is_all": True}
    )


async def attention(context: PanelContext) -> Fragment | None:
    """What waits in review."""
    count = await store.review.count_open(context.unit)
    return Fragment("transactions/attention.html", {"count": count}) if count else None


async def of_station(context: PanelContext) -> Fragment:
    """The transactions of a station, the newest first."""
    seen: stations.Seen = context.subject
    asked = page_request(OF_STATION, context.request.query_params.get("cursor"), sorts=("-received_at",))
    rows = await store.page(context.unit, {"station_id": seen.station.station_id}, asked.after, asked.limit)
    found = page_of(rows, asked, lambda row: (None, row.id))
    shown = signed(
        await shown_rows(context.unit, found.items, is_masked=masks_tokens(context.principal)), context.unit.now
    )
    return Fragment(
        "transactions/of_station.html", {"seen": seen, "found": shown, "next": found.next_cursor, "href": PATH}
    )


async def station_figures(context: PanelContext) -> Fragment:
    """Power and energy of what charges at a station now."""
    rows = await store.page(context.unit, {"station_id": context.subject.station.station_id, "open": True}, None, 50)
    found = await shown_rows(context.unit, rows, is_masked=masks_tokens(context.principal))
    return Fragment("transactions/station_figures.html", {"seen": context.subject, "found": found})


async def station_running(context: PanelContext) -> Fragment:
    """What charges at a station now, and what charged last."""
    number = context.subject.station.station_id
    rows = await store.page(context.unit, {"station_id": number}, None, OPEN_SHOWN)
    found = signed(
        await shown_rows(context.unit, rows[:OPEN_SHOWN], is_masked=masks_tokens(context.principal)), context.unit.now
    )
    return Fragment(
        "transactions/running.html",
        {
            "found": found,
            "has_more": len(rows) > OPEN_SHOWN,
            "href": f"{context.subject.href}/transactions",
            "is_all": False,
        },
    )


async def search(context: PanelContext) -> Fragment | None:
    """Transactions whose number, station or token the text names; the token for those who see tokens whole."""
    text, unit, is_masked = str(context.subject), context.unit, masks_tokens(context.principal)
    found: Sequence[Any] = ()
    if (number := parse_public(text)) is not None and await store.read(unit, number) is not None:
        found = await store.page(unit, {"id": number}, None, 1)
    if not found and not is_masked:
        token = context.request.app.state.pseudonyms.reference(unit.tenant, text)
        found = await store.page(unit, {"token": token}, None, FOUND)
    if not found:
        found = await store.page(unit, {"search": text, "stations": ()}, None, FOUND)
    if not found:
        return None
    shown = signed(await shown_rows(unit, found[:FOUND], is_masked=is_masked), unit.now)
    return Fragment("transactions/running.html", {"found": shown, "has_more": False, "href": PATH, "is_all": True})


PANELS = (
    Panel("overview.figures", 20, figures, needs="transactions:read"),
    Panel("overview.attention", 20, attention, needs="review:read"),
    Panel("overview", 10, running, lazy("Charging now"), needs="transactions:read"),
    Panel("station.figures", 10, station_figures, needs="transactions:read"),
    Panel("station.overview", 20, station_running, lazy("Latest transactions"), needs="transactions:read"),
    Panel("station.transactions", 10, of_station, needs="transactions:read", width=2),
    Panel("search", 20, search, lazy("Transactions"), needs="transactions:read"),
)
