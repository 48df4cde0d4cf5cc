"""What the old names offer."""

from ocpp_css.assembly import Area
from ocpp_css.outreach.old_names import api

AREA = Area(name="outreach/old_names", routes=api.HANDLERS)
