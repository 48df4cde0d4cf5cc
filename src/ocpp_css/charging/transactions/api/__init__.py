"""Transactions and review over REST."""

from ocpp_css.charging.transactions.api import own, transactions

HANDLERS = (*transactions.HANDLERS, *own.HANDLERS)
