"""What maintenance offers."""

from ocpp_css.assembly import Area
from ocpp_css.charging.maintenance import actions, api
from ocpp_css.charging.maintenance.store import PROGRESS

AREA = Area(name="charging/maintenance", tables=[PROGRESS], routes=api.HANDLERS, actions=[actions.routes])
