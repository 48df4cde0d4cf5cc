"""The pages of id tokens."""

from ocpp_css.charging.tokens.pages.editing import HANDLERS as EDITING
from ocpp_css.charging.tokens.pages.listing import HANDLERS as LISTING
from ocpp_css.charging.tokens.pages.listing import PANELS

HANDLERS = (*LISTING, *EDITING)

__all__ = ["HANDLERS", "PANELS"]
