"""Refusals about signing in, sessions, memberships and keys."""

from ocpp_css.kit.errors import Conflict, Fault, Forbidden, Invalid, NotFound, TooMany


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


class FactorMissing(NotFound):
    """There is no second factor to confirm or remove."""

    code = "second_factor_missing"
    title = "There is no second factor"


class MemberUnknown(NotFound):
    """Nobody of this number belongs to the account."""

    code = "member_unknown"
    title = "No such person in this account"


class RoleTooHigh(Forbidden):
    """One may give, change and take away only roles that permit no more than one's own."""

    code = "role_too_high"
    title = "The role permits more than you are permitted"
    explanation = "Ask an owner of the account."


class LastOwner(Conflict):
    """An account always has an owner."""

    code = "last_owner"
    title = "The account would have no owner"
    explanation = "Make somebody else an owner first."


class AlreadyMember(Conflict):
    """The person belongs to the account already."""

    code = "already_member"
    title = "This person belongs to the account already"

    def __init__(self) -> None:
        super().__init__(errors=[Fault("email", self.title)])


class AlreadyInvited(Conflict):
    """An invitation to this address stands."""

    code = "already_invited"
    title = "This address has an invitation already"
    explanation = "Send the letter again, or take the invitation back."

    def __init__(self) -> None:
        super().__init__(errors=[Fault("email", self.title)])


class InvitationUnknown(NotFound):
    """No such invitation stands in this account."""

    code = "invitation_unknown"
    title = "No such invitation"


class InvitationSpent(NotFound):
    """The invitation was accepted, taken back or sent anew, is too old, or never was one."""

    code = "invitation_spent"
    title = "This invitation does not work any more"
    explanation = "It was used, taken back or is too old. Ask whoever invited you to send it again."


class InvitationForAnother(Forbidden):
    """The invitation was sent to another address than that of the person who signed in."""

    code = "invitation_for_another"
    title = "This invitation is for another address"
    explanation = "Sign in as the person with the address that it was sent to."


class TooManyInvitations(TooMany):
    """The account invited so many today that no more letters go out."""

    code = "too_many_invitations"
    title = "Too many invitations today"
    explanation = "Try again tomorrow."
