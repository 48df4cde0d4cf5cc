"""What stations say of themselves, all versions."""

from ocpp_css.charging.stations.actions import kept, reports

routes = (reports.routes, kept.routes)
