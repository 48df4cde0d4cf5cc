"""Id tokens over REST."""

import asyncio
from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta

from ocpp_css.charging.tokens import service, store
from ocpp_css.charging.tokens.errors import PersonUnknown
from ocpp_css.charging.tokens.model import Token, TokenChange, TokenGiven, TokenType
from ocpp_css.edge import IfMatch, Principal, must_match, needs
from ocpp_css.kit.errors import Refusal
from ocpp_css.kit.ids import number_of, public
from ocpp_css.kit.paging import Page, page_of, page_request
from ocpp_css.model.token import TokenStatus
from ocpp_css.people import accounts, audit
from ocpp_css.storage import Database, Unit

MOST_IMPORTED = 10_000
IMPORTED_AT_ONCE = 200


class TokenShown(msgspec.Struct, frozen=True, kw_only=True):
    """A token as the interface tells it."""

    id_token: str
    type: TokenType
    status: TokenStatus
    group_id: str | None
    parent: str | None
    expires_at: datetime | None
    max_concurrent: int | None
    language: str | None
    note: str | None
    person_id: str | None
    created_at: datetime


class OwnToken(msgspec.Struct, frozen=True, kw_only=True):
    """A token as the person is told of it whose it is: without what the operator notes of it."""

    id_token: str
    type: TokenType
    status: TokenStatus
    expires_at: datetime | None
    created_at: datetime


class ImportResult(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an import: rows are counted from 0."""

    created: int
    skipped: int
    errors: list[dict[str, Any]]


def shown(token: Token) -> TokenShown:
    """The token without its number."""
    fields = {name: getattr(token, name) for name in TokenShown.__struct_fields__}
    return TokenShown(**fields | {"person_id": None if token.person_id is None else public(token.person_id)})


@get("/api/v1/tokens", opt=needs("tokens:read"))
async def list_tokens(  # noqa: PLR0917 - the filters of the list
    unit: NamedDependency[Unit],
    principal: NamedDependency[Principal],
    limit: FromQuery[int | None] = None,
    cursor: FromQuery[str | None] = None,
    search: FromQuery[str | None] = None,
    status: FromQuery[TokenStatus | None] = None,
    group_id: FromQuery[str | None] = None,
    person_id: FromQuery[str | None] = None,
) -> Page[TokenShown]:
    """List tokens, the newest first."""
    await audit.record_read(unit, principal, "token.read", "token")
    asked = page_request(limit, cursor, sorts=("-created_at",))
    person = None if person_id is None else number_of(person_id, PersonUnknown)
    filters = {"search": search, "status": status, "group_id": group_id, "person_id": person}
    rows = await store.page(unit, filters, asked.after, asked.limit)
    return page_of(rows, asked, lambda row: (None, row.token_id)).map(lambda row: shown(store.to_token(row)))


@post("/api/v1/tokens", opt=needs("tokens:write"))
async def create_token(
    db: NamedDependency[Database],
    unit: NamedDependency[Unit],
    principal: NamedDependency[Principal],
    data: JSONBody[TokenGiven],
) -> TokenShown:
    """Add a token."""
    token = await service.create(unit, **await service.fields_of(db, unit.tenant, data))
    after = service.told(token, ("status", "person_id"))
    audit.record(unit, principal, "token.create", "token", str(token.token_id), after=after)
    return shown(token)


@post("/api/v1/tokens/import", opt=needs("tokens:write"), status_code=200)
async def import_tokens(
    db: NamedDependency[Database],
    unit: NamedDependency[Unit],
    principal: NamedDependency[Principal],
    data: JSONBody[Annotated[list[TokenGiven], Meta(max_length=MOST_IMPORTED)]],
) -> ImportResult:
    """Add many tokens; those that exist are skipped, each row is stored or told of."""
    gate = asyncio.Semaphore(IMPORTED_AT_ONCE)

    async def store_one(number: int, given: TokenGiven) -> dict[str, Any] | None:
        own = db.unit(unit.tenant)
        async with gate:
            try:
                await service.create(own, **await service.fields_of(db, own.tenant, given))
                await own.commit()
            except Refusal as refusal:
                return {"row": number, "id_token": given.id_token, "code": refusal.code}
        return None

    told = await asyncio.gather(*(store_one(number, given) for number, given in enumerate(data)))
    errors = [fault for fault in told if fault is not None]
    created = len(data) - len(errors)
    audit.record(unit, principal, "token.import", "token", "*", after={"created": created})
    return ImportResult(created=created, skipped=len(errors), errors=errors[:100])


@get("/api/v1/tokens/{id_token:str}", opt=needs("tokens:read"))
async def read_token(
    unit: NamedDependency[Unit], principal: NamedDependency[Principal], id_token: FromPath[str]
) -> TokenShown:
    """Show one token."""
    await audit.record_read(unit, principal, "token.read", "token")
    return shown(await service.get(unit, id_token))


@patch("/api/v1/tokens/{id_token:str}", opt=needs("tokens:write"))
async def change_token(
    db: NamedDependency[Database],
    unit: NamedDependency[Unit],
    principal: NamedDependency[Principal],
    id_token: FromPath[str],
    data: JSONBody[TokenChange],
    if_match: IfMatch = None,
) -> TokenShown:
    """Change a token; a block counts at once."""
    before = await service.get(unit, id_token)
    must_match(if_match, shown(before))
    changes = await service.fields_of(db, unit.tenant, data)
    return shown(service.change_entered(unit, principal, before, changes))


@delete("/api/v1/tokens/{id_token:str}", opt=needs("tokens:write"))
async def remove_token(
    unit: NamedDependency[Unit],
    principal: NamedDependency[Principal],
    id_token: FromPath[str],
    if_match: IfMatch = None,
) -> None:
    """Take a token out; what it charged is kept."""
    token = await service.get(unit, id_token)
    must_match(if_match, shown(token))
    service.remove(unit, token)
    audit.record(unit, principal, "token.remove", "token", str(token.token_id))


@get("/api/v1/me/tokens", opt=needs(""))
async def list_own_tokens(
    unit: NamedDependency[Unit],
    principal: NamedDependency[Principal],
    limit: FromQuery[int | None] = None,
    cursor: FromQuery[str | None] = None,
) -> Page[OwnToken]:
    """List the id tokens that are in the caller's name, the newest first."""
    asked = page_request(limit, cursor, sorts=("-created_at",))
    rows = await store.page(unit, {"person_id": accounts.person_in(principal)}, asked.after, asked.limit)
    found = page_of(rows, asked, lambda row: (None, row.token_id))
    return found.map(lambda row: OwnToken(**{name: getattr(row, name) for name in OwnToken.__struct_fields__}))


HANDLERS = (list_tokens, create_token, import_tokens, read_token, change_token, remove_token, list_own_tokens)
