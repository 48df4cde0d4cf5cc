"""Id tokens: RFID cards, eMAIDs, app tokens, their groups and limits."""

from ocpp_css.charging.tokens.model import Token
from ocpp_css.charging.tokens.service import NO_AUTHORIZATION, authorize, claim_use, find

__all__ = ["NO_AUTHORIZATION", "Token", "authorize", "claim_use", "find"]
