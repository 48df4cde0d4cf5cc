"""The table of id tokens and its queries."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Column, Integer, Row, Text, func, or_, select

from ocpp_css.charging.tokens.model import Token
from ocpp_css.kit.paging import Cursor
from ocpp_css.storage import NUMBER, OF_DRIVER, CacheKey, Unit, UtcTime, personal, tenant_table, version_column

TOKENS = tenant_table(
    "tokens",
    Column("token_id", BigInteger),
    Column("folded", Text, nullable=False, info=personal("id token", clear=OF_DRIVER)),
    Column("id_token", Text, nullable=False, info=personal("id token", clear=OF_DRIVER)),
    Column("type", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("group_id", Text, info=personal("id token", clear=OF_DRIVER)),
    Column("parent", Text, info=personal("id token", clear=OF_DRIVER)),
    Column("expires_at", UtcTime),
    Column("max_concurrent", Integer),
    Column("language", Text),
    Column("note", Text, info=personal("free text", clear=OF_DRIVER)),
    Column("created_at", UtcTime, nullable=False),
    Column("person_id", BigInteger, info=personal("account", clear=NUMBER)),
    version_column(),
    key=("token_id",),
    unique=[("folded",)],
    indexes=[("created_at",), ("person_id", "token_id")],
)


def fold(id_token: str) -> str:
    """Tokens are compared without regard to case: CiString20 of 1.6, identifierString of 2.x."""
    return id_token.casefold()


async def load_token(unit: Unit, folded: str) -> Token | None:
    """One token by its folded text."""
    row = await unit.first(select(TOKENS).where(TOKENS.c.folded == folded))
    return None if row is None else to_token(row)


async def load_tokens(unit: Unit, folded: Sequence[str]) -> dict[str, Token | None]:
    """Many tokens by their folded texts."""
    found: dict[str, Token | None] = {}
    for start in range(0, len(folded), 500):
        for row in await unit.all(select(TOKENS).where(TOKENS.c.folded.in_(folded[start : start + 500]))):
            found[row.folded] = to_token(row)
    return found


BY_TEXT: CacheKey[str, Token | None] = CacheKey("tokens", load_token, load_tokens)


async def find(unit: Unit, id_token: str) -> Token | None:
    """The token as this process remembers it; changes reach every process within a second (RULES 3.3)."""
    return await unit.cached(BY_TEXT, fold(id_token))


async def read(unit: Unit, id_token: str) -> Token | None:
    """The token as it stands in the database."""
    return await load_token(unit, fold(id_token))


async def page(unit: Unit, filters: Mapping[str, Any], after: Cursor | None, limit: int) -> Sequence[Row[Any]]:
    """Tokens, the newest first; one more than `limit`, so that the caller knows whether there are more.

    Filters: `search` in text and note, `status`, `group_id`, `person_id`; None leaves one out.
    """
    query = select(TOKENS).order_by(TOKENS.c.token_id.desc()).limit(limit + 1)
    if search := filters.get("search"):
        query = query.where(
            or_(
                TOKENS.c.folded.contains(fold(search), autoescape=True), TOKENS.c.note.contains(search, autoescape=True)
            )
        )
    for name in ("status", "group_id", "person_id"):
        if filters.get(name) is not None:
            query = query.where(TOKENS.c[name] == filters[name])
    if after is not None:
        query = query.where(TOKENS.c.token_id < after.id)
    return await unit.all(query)


async def by_numbers(unit: Unit, numbers: Sequence[int]) -> list[Token]:
    """The tokens of these numbers that there are."""
    if not numbers:
        return []
    return [to_token(row) for row in await unit.all(select(TOKENS).where(TOKENS.c.token_id.in_(numbers[:500])))]


async def of_person(unit: Unit, person_id: int) -> list[Token]:
    """All tokens of a person, the newest first."""
    query = select(TOKENS).where(TOKENS.c.person_id == person_id).order_by(TOKENS.c.token_id.desc())
    return [to_token(row) for row in await unit.all(query)]


async def any_accepted(unit: Unit) -> Token | None:
    """The oldest token that is accepted and does not expire."""
    query = select(TOKENS).where(TOKENS.c.status == "Accepted", TOKENS.c.expires_at.is_(None))
    row = await unit.first(query.order_by(TOKENS.c.token_id))
    return None if row is None else to_token(row)


async def count(unit: Unit) -> int:
    """How many tokens the tenant has."""
    rows = await unit.all(select(func.count()).select_from(TOKENS))
    return int(rows[0][0])


def add(unit: Unit, token: Token) -> None:
    """A new token; its text must be new to the tenant."""
    folded = fold(token.id_token)
    unit.require_absent(TOKENS, folded=folded)
    unit.insert(TOKENS, folded=folded, **msgspec.structs.asdict(token))
    unit.drop(BY_TEXT, folded)


def change(unit: Unit, token: Token, **changes: Any) -> None:
    """Change columns of a token seen at its version."""
    unit.update(TOKENS, (token.token_id,), seen=token.version, **changes)
    unit.drop(BY_TEXT, fold(token.id_token))


def remove(unit: Unit, token: Token) -> None:
    """Take a token out that was seen at its version; it is unknown from then on."""
    unit.delete(TOKENS, (token.token_id,), seen=token.version)
    unit.drop(BY_TEXT, fold(token.id_token))


def to_token(row: Row[Any]) -> Token:
    """The row as a value."""
    fields = row._mapping  # noqa: SLF001 - SQLAlchemy's public name for it
    return Token(**{name: fields[name] for name in Token.__struct_fields__})
