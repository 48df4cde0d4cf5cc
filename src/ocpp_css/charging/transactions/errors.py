"""Refusals about transactions."""

from ocpp_css.kit.errors import Conflict, NotFound


class TransactionUnknown(NotFound):
    """No such transaction in this account."""

    code = "transaction_unknown"
    title = "No such transaction"
    explanation = "This account has no transaction with that id."


class TransactionEnded(Conflict):
    """It has ended already."""

    code = "transaction_ended"
    title = "The transaction has ended"
    explanation = "The transaction has ended already; nothing was changed."


class ReviewUnknown(NotFound):
    """No such entry in this account's review."""

    code = "review_unknown"
    title = "No such entry"
    explanation = "This account has nothing in review with that id."


class ReviewSettled(Conflict):
    """Somebody settled it already."""

    code = "review_settled"
    title = "The entry is settled"
    explanation = "Somebody settled this entry already; nothing was changed."
