"""Commands: any action a station takes, sent, queued, answered, kept."""

from ocpp_css.charging.commands.model import Command
from ocpp_css.charging.commands.service import CHARGE, Commands, told, verdict

__all__ = ["CHARGE", "Command", "Commands", "told", "verdict"]
