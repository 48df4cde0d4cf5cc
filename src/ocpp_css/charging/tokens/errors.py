"""Refusals about id tokens."""

from ocpp_css.kit.errors import Conflict, Fault, Invalid, NotFound


class TokenUnknown(NotFound):
    """No such token in this account."""

    code = "token_unknown"
    title = "No such token"
    explanation = "This account has no token with that text."


class PersonUnknown(Invalid):
    """A token cannot be of somebody who does not belong to the account."""

    code = "person_unknown"
    title = "No such person"
    explanation = "Nobody of this account has this name."

    def __init__(self, field: str = "person_id") -> None:
        super().__init__(errors=[Fault(field, self.explanation)])


class PersonTwice(Invalid):
    """A person was named in two ways."""

    code = "person_twice"
    title = "A person is named in one way"
    explanation = "Give either person or person_id."


class TokenExists(Conflict):
    """The text is taken."""

    code = "token_exists"
    title = "The token exists already"
    explanation = "This account has a token with that text. Change it instead; case does not make a difference."
