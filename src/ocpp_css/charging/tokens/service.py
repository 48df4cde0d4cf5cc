"""The rules of id tokens: who may charge, and what an operator may change."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from time import monotonic
from typing import Any

import msgspec
from msgspec import UNSET

from ocpp_css.charging.tokens import store
from ocpp_css.charging.tokens.errors import PersonTwice, PersonUnknown, TokenExists, TokenUnknown
from ocpp_css.charging.tokens.events import TokenChanged, TokensTried
from ocpp_css.charging.tokens.model import Token, TokenChange, TokenGiven
from ocpp_css.edge.i18n import LazyText, lazy
from ocpp_css.edge.principal import Principal
from ocpp_css.gateway.context import Context
from ocpp_css.kit.ids import number_of, public
from ocpp_css.model.token import Authorization, TokenStatus
from ocpp_css.people import access, audit
from ocpp_css.storage import PROVIDER, Database, Unit

STATUSES: Mapping[str, tuple[LazyText, str, str]] = {
    "Accepted": (lazy("Accepted"), "ok", "circle-check"),
    "Blocked": (lazy("Blocked"), "bad", "ban"),
    "Expired": (lazy("Expired"), "warn", "clock"),
    "Invalid": (lazy("Invalid"), "bad", "circle-x"),
}
"""Label, kind and icon of each status."""
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


def status_of(token: Token, now: datetime) -> TokenStatus:
    """Its status now: what is accepted may have expired."""
    is_over = token.status == "Accepted" and token.expires_at is not None and token.expires_at <= now
    return "Expired" if is_over else token.status


def sign_of(token: Token, now: datetime) -> tuple[LazyText, str, str]:
    """Label, kind and icon of its status now."""
    return STATUSES[status_of(token, now)]


def verdict(token: Token, unit: Unit) -> Authorization:
    """What to tell of a known token now."""
    return Authorization(status_of(token, unit.now), token.group, token.expires_at, token.language)


async def get(unit: Unit, id_token: str) -> Token:
    """The token; TokenUnknown where there is none."""
    token = await store.read(unit, id_token)
    if token is None:
        raise TokenUnknown
    return token


async def of_person(unit: Unit, person_id: int) -> list[Token]:
    """The tokens in a person's name, the newest first."""
    return await store.of_person(unit, person_id)


async def any_accepted(unit: Unit) -> Token | None:
    """Some token that may charge now, if the account has one."""
    return await store.any_accepted(unit)


async def fields_of(db: Database, account: int, given: TokenGiven | TokenChange) -> dict[str, Any]:
    """What is given of a token, in the words of the table: whose it is by number.

    PersonUnknown for one who does not belong to the account, PersonTwice where two members name a person.
    """
    fields = {name: value for name, value in msgspec.structs.asdict(given).items() if value is not UNSET}
    if "person" not in fields and "person_id" not in fields:
        return fields
    login, person_id = fields.pop("person", None), fields.get("person_id")
    if login and person_id is not None:
        raise PersonTwice
    people = db.unit(PROVIDER)
    if login:
        found = await access.member_named(people, account, login)
        if found is None:
            raise PersonUnknown(field="person")
        fields["person_id"] = found.user_id
    elif person_id is not None:
        fields["person_id"] = number_of(person_id, PersonUnknown)
        if not await access.is_member(people, fields["person_id"], account):
            raise PersonUnknown
    else:
        fields["person_id"] = None
    return fields


async def create(unit: Unit, **fields: Any) -> Token:
    """A new token; TokenExists where its text is taken."""
    if await store.read(unit, fields["id_token"]) is not None:
        raise TokenExists
    token = Token(token_id=unit.new_id(), created_at=unit.now, version=1, **fields)
    store.add(unit, token)
    unit.emit(TokenChanged(str(token.token_id), "created"))
    return token


def change(unit: Unit, token: Token, changes: dict[str, Any]) -> Token:
    """Change what `changes` names of a token as it was read; a block is known to this process at once, to the others
    within a second.
    """
    if changes:
        store.change(unit, token, **changes)
        unit.emit(TokenChanged(str(token.token_id), "changed"))
    fields = {name: getattr(token, name) for name in Token.__struct_fields__}
    return Token(**{**fields, **changes, "version": token.version + bool(changes)})


def change_entered(unit: Unit, principal: Principal, before: Token, changes: dict[str, Any]) -> Token:
    """Change a token, with its trace in the audit log; what people note of it is not repeated there."""
    if not changes:
        return before
    after = change(unit, before, changes)
    told_of = [told(one, changes) for one in (before, after)]
    audit.record(unit, principal, "token.change", "token", str(before.token_id), *told_of)
    return after


def told(token: Token, names: Iterable[str]) -> dict[str, Any]:
    """Members of a token as the audit log has them; whose it is by number, and no note."""
    values = {name: getattr(token, name) for name in names if name != "note"}
    if values.get("person_id") is not None:
        values["person_id"] = public(values["person_id"])
    return values


async def give_back(db: Database, account: int, person_id: int, by: Principal) -> None:
    """The tokens of a person who leaves the account are nobody's; see the port of `people/access`."""
    unit = db.unit(account)
    for token in await store.of_person(unit, person_id):
        change_entered(unit, by, token, {"person_id": None})
    await unit.commit()


def remove(unit: Unit, token: Token) -> None:
    """Take a token out as it was read; what it charged is kept."""
    store.remove(unit, token)
    unit.emit(TokenChanged(str(token.token_id), "removed"))


def claim_use(unit: Unit, token: Token) -> None:
    """Let this unit be the only one that uses the token now: of two at once the second is run again (TRUST A45)."""
    store.change(unit, token)
