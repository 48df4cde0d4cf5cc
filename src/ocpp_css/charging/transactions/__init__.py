"""Charging transactions: never lost, never doubled, never mixed up."""

from ocpp_css.charging.transactions.model import Transaction
from ocpp_css.charging.transactions.service.queries import newest

__all__ = ["Transaction", "newest"]
