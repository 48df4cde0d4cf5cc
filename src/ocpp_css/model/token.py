"""Id tokens and what may be done with them."""

from datetime import datetime
from typing import Literal

import msgspec

TokenStatus = Literal["Accepted", "Blocked", "Expired", "Invalid"]
"""What an operator says of a token."""

AuthorizationStatus = Literal["Accepted", "Blocked", "Expired", "Invalid", "ConcurrentTx"]
"""What a station is told of a token; 2.x says more, but never more than these from here."""


class Authorization(msgspec.Struct, frozen=True):
    """The verdict on a token, with the group or parent it belongs to and until when it may be cached."""

    status: AuthorizationStatus
    group: str | None = None
    expires_at: datetime | None = None
    language: str | None = None

    @property
    def is_accepted(self) -> bool:
        """The token may charge."""
        return self.status == "Accepted"


def masked(id_token: str) -> str:
    """Its end, by which somebody who holds the card knows it again: four characters, two of a short one."""
    seen = 4 if len(id_token) >= 8 else 2 if len(id_token) >= 4 else 0
    return "…" + id_token[len(id_token) - seen :]
