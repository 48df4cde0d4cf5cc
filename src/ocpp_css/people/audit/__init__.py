"""The audit log: who changed what, when, from where; written in the unit that makes the change."""

from ocpp_css.people.audit.model import COMMAND_LINE, WORDS, Entry, Question
from ocpp_css.people.audit.service.entries import done_by, page, record, record_read

__all__ = ["COMMAND_LINE", "WORDS", "Entry", "Question", "done_by", "page", "record", "record_read"]
