"""The rules of commands."""

from ocpp_css.charging.commands.service.sending import LONGEST_TIMEOUT_S, Commands, plain
from ocpp_css.charging.commands.service.words import told

__all__ = ["LONGEST_TIMEOUT_S", "Commands", "plain", "told"]
