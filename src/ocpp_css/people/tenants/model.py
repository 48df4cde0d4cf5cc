"""An account: one operator with its stations and its people."""

from datetime import datetime
from typing import Literal

import msgspec

UnknownStations = Literal["refuse", "pending"]


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """`account_id` is the tenant of all its rows; at most one account is the default."""

    account_id: int
    name: str
    connection_code: str
    region: str | None
    unknown_stations: UnknownStations
    is_default: bool
    created_at: datetime
    version: int
