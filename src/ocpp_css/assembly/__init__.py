"""What an area of the product offers, and the walk that finds all areas."""

from ocpp_css.assembly.area import Area, PersonalData, Subscription, Wiring
from ocpp_css.assembly.walk import find_areas

__all__ = ["Area", "PersonalData", "Subscription", "Wiring", "find_areas"]
