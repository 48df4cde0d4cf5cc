"""Meter values, read out of the log in which they are kept (RULES 3.5)."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select

from ocpp_css.charging.transactions.model import Transaction
from ocpp_css.gateway.messages import MESSAGES, of_stations
from ocpp_css.kit.ids import LARGEST
from ocpp_css.storage import Unit


async def messages_of(
    unit: Unit, transaction: Transaction, after_id: int = 0, limit: int = 10_000, *, is_newest_first: bool = False
) -> Sequence[Row[Any]]:
    """The log rows of a transaction, in order of arrival: a range of its station's rows, from its first message on."""
    columns = (
        MESSAGES.c.id,
        MESSAGES.c.station_id,
        MESSAGES.c.at,
        MESSAGES.c.action,
        MESSAGES.c.payload,
        MESSAGES.c.answer,
    )
    query = select(*columns).where(MESSAGES.c.transaction_id == transaction.id)
    station, ids = transaction.station_id, (max(after_id + 1, transaction.id), LARGEST)
    found = await of_stations(unit, query, [station], ids=ids, limit=limit, is_newest_first=is_newest_first)
    return found[station]
