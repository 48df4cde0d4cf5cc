"""Refusals about signing in, sessions, memberships and keys."""

from ocpp_css.kit.errors import Fault, Forbidden, Invalid, NotFound, TooMany


class SignInRefused(Invalid):
    """The name or the password is wrong, or the person may not sign in: which of these is never told."""

    code = "sign_in_refused"
    title = "Sign-in failed"
    explanation = "The name or the password is not right."


class SignInDelayed(TooMany):
    """So many sign-ins failed in a row that the next has to wait; `retry_after` is in seconds."""

    code = "sign_in_delayed"
    title = "Too many sign-ins failed"
    explanation = "Wait a while before the next try."


class SessionUnknown(NotFound):
    """No such session of this person."""

    code = "session_unknown"
    title = "No such session"


class NotAMember(NotFound):
    """The person does not belong to this account, or there is no such account."""

    code = "account_unknown"
    title = "No such account"


class KeyUnknown(NotFound):
    """No such API key in this account."""

    code = "api_key_unknown"
    title = "No such API key"


class KeyInvalid(Invalid):
    """The name, scopes or end of an API key break a rule."""

    code = "api_key_invalid"
    title = "The API key cannot be made so"

    def __init__(self, message: str, field: str) -> None:
        super().__init__(message, errors=[Fault(field, message)])


class ScopeTooWide(Forbidden):
    """A key may do no more than the one who makes it."""

    code = "scope_too_wide"
    title = "The key would be permitted more than you are"
    explanation = "You do not hold {scope} yourself."


class ProofNeeded(Forbidden):
    """The person must prove again who they are before a sensitive change."""

    code = "proof_needed"
    title = "Prove that it is you"
    explanation = "It is a while since you gave your password. Give it again before this change."


class FactorMissing(NotFound):
    """There is no second factor to confirm or remove."""

    code = "second_factor_missing"
    title = "There is no second factor"
