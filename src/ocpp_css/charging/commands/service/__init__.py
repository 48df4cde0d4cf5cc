"""The rules of commands."""

from ocpp_css.charging.commands.service.kinds import CHARGE
from ocpp_css.charging.commands.service.sending import LONGEST_TIMEOUT_S, Commands, plain
from ocpp_css.charging.commands.service.words import told, verdict

__all__ = ["CHARGE", "LONGEST_TIMEOUT_S", "Commands", "plain", "told", "verdict"]
