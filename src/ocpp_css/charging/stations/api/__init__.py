"""Stations over REST."""

from ocpp_css.charging.stations.api import reports, stations

HANDLERS = (*stations.HANDLERS, *reports.HANDLERS)
