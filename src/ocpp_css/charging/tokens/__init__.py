"""Id tokens: RFID cards, eMAIDs, app tokens, their groups and limits."""

from ocpp_css.charging.tokens.model import Token
from ocpp_css.charging.tokens.service import (
    NO_AUTHORIZATION,
    any_accepted,
    authorize,
    claim_use,
    create,
    find,
    of_person,
    sign_of,
)

__all__ = [
    "NO_AUTHORIZATION",
    "Token",
    "any_accepted",
    "authorize",
    "claim_use",
    "create",
    "find",
    "of_person",
    "sign_of",
]
