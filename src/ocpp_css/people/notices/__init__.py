"""Notices: what a person is told, in the console and by letter; written in the unit of what happened."""

from ocpp_css.people.notices.model import Attachment, Notice, Person
from ocpp_css.people.notices.service.posting import Post

__all__ = ["Attachment", "Notice", "Person", "Post"]
