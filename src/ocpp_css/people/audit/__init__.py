"""The audit log: who changed what, when, from where; written in the unit that makes the change."""

from ocpp_css.people.audit.model import COMMAND_LINE, Entry, Question
from ocpp_css.people.audit.service import page, record

__all__ = ["COMMAND_LINE", "Entry", "Question", "page", "record"]
