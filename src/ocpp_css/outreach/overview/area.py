"""What the overview offers."""

from pathlib import Path

from ocpp_css.assembly import Area
from ocpp_css.edge import NavEntry, lazy
from ocpp_css.outreach.overview import pages

AREA = Area(
    name="outreach/overview",
    routes=pages.HANDLERS,
    nav=[NavEntry(lazy("Overview"), "/console", "layout-dashboard", 10, "account:read")],
    templates=Path(__file__).parent / "templates",
)
