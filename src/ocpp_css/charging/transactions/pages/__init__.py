"""The pages of transactions and of review."""

from ocpp_css.charging.transactions.pages import gathered, listing, one, own
from ocpp_css.charging.transactions.pages.reviewing import HANDLERS as REVIEWING

HANDLERS = (*listing.HANDLERS, *one.HANDLERS, *own.HANDLERS, *REVIEWING)
PANELS = gathered.PANELS

__all__ = ["HANDLERS", "PANELS"]
