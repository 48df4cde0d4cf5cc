"""The rules of commands."""

from ocpp_css.charging.commands.service.sending import LONGEST_TIMEOUT_S, Commands, plain

__all__ = ["LONGEST_TIMEOUT_S", "Commands", "plain"]
