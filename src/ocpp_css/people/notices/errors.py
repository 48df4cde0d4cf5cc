"""Refusals about notices."""

from ocpp_css.kit.errors import Invalid, NotFound, Refusal


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


class ReportUnreadable(Refusal):
    """It is no delivery status notification, or it names no letter that this service wrote."""

    code = "report_unreadable"
    title = "This is no report about a letter of this service"
    explanation = "A delivery status notification (RFC 3464) is wanted, with the headers of the letter that came back."
