"""The tables of transactions and every query on them."""

from ocpp_css.charging.transactions.store import meter, review
from ocpp_css.charging.transactions.store.review import REVIEW
from ocpp_css.charging.transactions.store.transactions import (
    CHARGING,
    READINGS,
    TRANSACTIONS,
    add,
    by_key,
    by_wire,
    change,
    count_open,
    figures,
    note_reading,
    page,
    read,
    reading_of,
    remembered,
    to_reading,
    to_transaction,
)

__all__ = [
    "CHARGING",
    "READINGS",
    "REVIEW",
    "TRANSACTIONS",
    "add",
    "by_key",
    "by_wire",
    "change",
    "count_open",
    "figures",
    "meter",
    "note_reading",
    "page",
    "read",
    "reading_of",
    "remembered",
    "review",
    "to_reading",
    "to_transaction",
]
