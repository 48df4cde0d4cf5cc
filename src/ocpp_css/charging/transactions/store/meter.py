"""Meter values, read out of the log in which they are kept (RULES 3.5)."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select

from ocpp_css.charging.transactions.model import Transaction
from ocpp_css.gateway.messages import MESSAGES
from ocpp_css.storage import Unit


async def messages_of(
    unit: Unit, transaction: Transaction, after_id: int = 0, limit: int = 10_000
) -> Sequence[Row[Any]]:
    """The log rows of a transaction, in order of arrival: a range of its station's rows, from its first message on."""
    query = select(MESSAGES.c.id, MESSAGES.c.at, MESSAGES.c.action, MESSAGES.c.payload, MESSAGES.c.answer)
    query = query.where(
        MESSAGES.c.station_id == transaction.station_id,
        MESSAGES.c.id > max(after_id, transaction.id - 1),
        MESSAGES.c.transaction_id == transaction.id,
    )
    return await unit.all(query.order_by(MESSAGES.c.id).limit(limit))
