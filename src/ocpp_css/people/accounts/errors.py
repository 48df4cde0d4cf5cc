"""Refusals about people, passwords and links."""

from ocpp_css.kit.errors import Conflict, Fault, Forbidden, Invalid, NotFound


class UserUnknown(NotFound):
    """No such person."""

    code = "user_unknown"
    title = "No such person"


class EmailTaken(Conflict):
    """Another person signs in with this address."""

    code = "email_taken"
    title = "The e-mail address is taken"
    explanation = "Another person signs in with this e-mail address."

    def __init__(self) -> None:
        super().__init__(errors=[Fault("email", self.title)])


class UsernameTaken(Conflict):
    """Another person has this user name."""

    code = "username_taken"
    title = "The user name is taken"
    explanation = "Another person has this user name."

    def __init__(self) -> None:
        super().__init__(errors=[Fault("username", self.title)])


class EmailInvalid(Invalid):
    """The text is no e-mail address."""

    code = "email_invalid"
    title = "This is not an e-mail address"

    def __init__(self) -> None:
        super().__init__(errors=[Fault("email", self.title)])


class PasswordWeak(Invalid):
    """The password could be guessed."""

    code = "password_weak"
    title = "The password is too weak"

    def __init__(self, advice: str, field: str = "password", *, n: int = 0) -> None:
        super().__init__(advice, errors=[Fault(field, advice.format(n=n))], n=n)


class PasswordWrong(Invalid):
    """The present password was not given right."""

    code = "password_wrong"
    title = "The present password is not right"

    def __init__(self) -> None:
        super().__init__(errors=[Fault("current_password", self.title)])


class PersonNeeded(Forbidden):
    """Only somebody who signed in may do this."""

    code = "person_needed"
    title = "Only a person who signed in may do this"
    explanation = "An API key has no profile, password or sessions."


class LinkSpent(NotFound):
    """The link was used, is too old, or never was one."""

    code = "link_spent"
    title = "This link does not work any more"
    explanation = "It was used already, or it is too old. Sign in, or ask for a new link."


class CodeWrong(Invalid):
    """The code is not the one that was sent."""

    code = "code_wrong"
    title = "The code is not right"
    explanation = "Look at the newest letter, and type the code once more."

    def __init__(self) -> None:
        super().__init__(errors=[Fault("code", self.title)])


class ChallengeSpent(NotFound):
    """The question was answered, is too old, was answered wrong too often, or never was one."""

    code = "challenge_spent"
    title = "This page does not work any more"
    explanation = "It is too old, or the code was wrong too often. Begin again."


class PictureMissing(NotFound):
    """The person has sent no picture."""

    code = "picture_missing"
    title = "There is no picture"
