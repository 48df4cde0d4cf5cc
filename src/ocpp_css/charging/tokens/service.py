"""The rules of id tokens: who may charge, and what an operator may change."""

from time import monotonic
from typing import Any

from ocpp_css.charging.tokens import store
from ocpp_css.charging.tokens.errors import TokenExists, TokenUnknown
from ocpp_css.charging.tokens.events import TokenChanged, TokensTried
from ocpp_css.charging.tokens.model import Token
from ocpp_css.gateway.context import Context
from ocpp_css.model.token import Authorization
from ocpp_css.storage import Unit

UNKNOWN = Authorization("Invalid")
NO_AUTHORIZATION = "NoAuthorization"


async def authorize(context: Context, id_token: str) -> tuple[Authorization, Token | None]:
    """The verdict on a token that a station names, apart from concurrent use, and the token if it is known (CS-5).

    An unknown token is Invalid and is never created (TRUST A43). Where somebody tries one after the other, known ones
    that were not told there before are Invalid too (decision 14).
    """
    unit, station, guesses = context.unit, context.station, context.guesses
    token = await find(unit, id_token)
    place, folded, now = (station.tenant, station.station_id), store.fold(id_token), monotonic()
    if token is None:
        if guesses.unknown(place, folded, now):
            unit.emit(TokensTried(station.station_id, station.identity))
        return UNKNOWN, None
    if not guesses.is_told(place, folded, now):
        return UNKNOWN, None
    return verdict(token, unit), token


async def find(unit: Unit, id_token: str) -> Token | None:
    """The token, from memory; a unit that lost against another reads what stands now."""
    return await (store.read if unit.retry else store.find)(unit, id_token)


def verdict(token: Token, unit: Unit) -> Authorization:
    """What to tell of a known token now."""
    status = token.status
    if status == "Accepted" and token.expires_at is not None and token.expires_at <= unit.now:
        status = "Expired"
    return Authorization(status, token.group, token.expires_at, token.language)


async def get(unit: Unit, id_token: str) -> Token:
    """The token; TokenUnknown where there is none."""
    token = await store.read(unit, id_token)
    if token is None:
        raise TokenUnknown
    return token


async def any_accepted(unit: Unit) -> Token | None:
    """Some token that may charge now, if the account has one."""
    return await store.any_accepted(unit)


async def create(unit: Unit, **fields: Any) -> Token:
    """A new token; TokenExists where its text is taken."""
    if await store.read(unit, fields["id_token"]) is not None:
        raise TokenExists
    token = Token(token_id=unit.new_id(), created_at=unit.now, version=1, **fields)
    store.add(unit, token)
    unit.emit(TokenChanged(str(token.token_id), "created"))
    return token


async def change(unit: Unit, id_token: str, changes: dict[str, Any]) -> Token:
    """Change what `changes` names; a block is known to this process at once, to the others within a second."""
    token = await get(unit, id_token)
    if changes:
        store.change(unit, token, **changes)
        unit.emit(TokenChanged(str(token.token_id), "changed"))
    fields = {name: getattr(token, name) for name in Token.__struct_fields__}
    return Token(**{**fields, **changes, "version": token.version + bool(changes)})


async def remove(unit: Unit, id_token: str) -> None:
    """Take a token out; what it charged is kept."""
    token = await get(unit, id_token)
    store.remove(unit, token)
    unit.emit(TokenChanged(str(token.token_id), "removed"))


def claim_use(unit: Unit, token: Token) -> None:
    """Let this unit be the only one that uses the token now: of two at once the second is run again (TRUST A45)."""
    store.change(unit, token)
