"""Refusals about accounts."""

from ocpp_css.kit.errors import Conflict, NotFound


class AccountUnknown(NotFound):
    """No such account."""

    code = "account_unknown"
    title = "No such account"
    explanation = "Give the account's id, its connection code or its exact name."


class AccountNameAmbiguous(Conflict):
    """Several accounts have this name."""

    code = "account_name_ambiguous"
    title = "Several accounts have this name"
    explanation = "Give the account's id or its connection code instead."
