"""Refusals about id tokens."""

from ocpp_css.kit.errors import Conflict, NotFound


class TokenUnknown(NotFound):
    """No such token in this account."""

    code = "token_unknown"
    title = "No such token"
    explanation = "This account has no token with that text."


class TokenExists(Conflict):
    """The text is taken."""

    code = "token_exists"
    title = "The token exists already"
    explanation = "This account has a token with that text. Change it instead; case does not make a difference."
