"""Refusals about notices."""

from ocpp_css.kit.errors import Invalid, NotFound


class NoticeUnknown(NotFound):
    """No such notice of this person."""

    code = "notice_unknown"
    title = "No such notice"


class NoticeMandatory(Invalid):
    """Letters of this kind cannot be switched off."""

    code = "notice_mandatory"
    title = "These letters cannot be switched off"
    explanation = "They tell you what you must know of your account and its security."


class UnsubscribeUnknown(NotFound):
    """The link is none that was sent."""

    code = "unsubscribe_unknown"
    title = "This link does not work"
    explanation = "Choose in your settings which letters you want."
