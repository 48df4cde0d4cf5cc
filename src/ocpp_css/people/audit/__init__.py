"""The audit log: who changed what, when, from where; written in the unit that makes the change."""

from ocpp_css.people.audit.model import COMMAND_LINE, Entry, Question
from ocpp_css.people.audit.service.entries import page, record, record_read

__all__ = ["COMMAND_LINE", "Entry", "Question", "page", "record", "record_read"]
