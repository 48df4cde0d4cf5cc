"""The pages of commands: a form for every action, quick ones, the configuration of a station."""

from ocpp_css.charging.commands.pages import configuring, quick, rotating, sending

HANDLERS = (*sending.HANDLERS, *quick.HANDLERS, *configuring.HANDLERS, *rotating.HANDLERS)
PANELS = (*sending.PANELS, *quick.PANELS)

__all__ = ["HANDLERS", "PANELS"]
