"""The audit log: who changed what, when, from where; written in the unit that makes the change."""

from ocpp_css.people.audit.model import COMMAND_LINE, Entry
from ocpp_css.people.audit.service import record

__all__ = ["COMMAND_LINE", "Entry", "record"]
