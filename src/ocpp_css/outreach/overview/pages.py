"""The overview and the search, put together of the areas' panels (RULES 3.6)."""

from typing import Any

from litestar import Request, Response, get
from litestar.di import NamedDependency

from ocpp_css.charging import stations
from ocpp_css.edge import Page, PanelContext, Panels, Principal, gettext, needs, page, redirect
from ocpp_css.storage import Unit

Asked = Request[Any, Any, Any]
LONGEST_SEARCH = 100


@get("/console", opt=needs(""))
async def overview_page(
    request: Asked, unit: NamedDependency[Unit], principal: NamedDependency[Principal], panels: NamedDependency[Panels]
) -> Page | Response[Any]:
    if not principal.tenant:
        return redirect(request, "/console/me/accounts")
    if not principal.permissions:
        return redirect(request, "/console/me/charging")
    if principal.may("stations:read") and not await stations.has_any(unit):
        return page("overview/welcome.html", title=gettext("Overview"))
    context = PanelContext(request, unit)
    attention = await panels.compose("overview.attention", context)
    return page(
        "overview/overview.html",
        title=gettext("Overview"),
        figures=await panels.compose("overview.figures", context),
        attention=[panel for panel in attention if panel.body.strip()],
        shown=await panels.compose("overview", context),
    )


@get("/console/search", opt=needs(""))
async def search_page(request: Asked, unit: NamedDependency[Unit], panels: NamedDependency[Panels]) -> Page:
    text = request.query_params.get("q", "").strip()[:LONGEST_SEARCH]
    shown = await panels.compose("search", PanelContext(request, unit, text)) if text else []
    return page("overview/search.html", title=gettext("Search"), text=text, shown=shown)


HANDLERS = (overview_page, search_page)
