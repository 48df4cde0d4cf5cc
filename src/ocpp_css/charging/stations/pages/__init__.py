"""The pages of stations, and their share of pages that gather several areas."""

from ocpp_css.charging.stations.pages import adding, gathered, listing, station
from ocpp_css.charging.stations.pages.changing import HANDLERS as CHANGING

HANDLERS = (*listing.HANDLERS, *adding.HANDLERS, *station.HANDLERS, *CHANGING)
PANELS = (*gathered.PANELS, *station.PANELS)

__all__ = ["HANDLERS", "PANELS"]
