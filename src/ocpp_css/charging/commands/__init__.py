"""Commands: any action a station takes, sent, queued, answered, kept."""

from ocpp_css.charging.commands.service import Commands, told

__all__ = ["Commands", "told"]
