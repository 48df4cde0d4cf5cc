"""API keys over REST."""

from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar

import msgspec
from litestar import Request, delete, get
from litestar import post as posting
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta

from ocpp_css.edge import IfMatch, Principal, must_match, needs
from ocpp_css.kit.ids import number_of, public
from ocpp_css.kit.paging import Page, page_request
from ocpp_css.people.access.errors import KeyUnknown
from ocpp_css.people.access.model import ApiKey
from ocpp_css.people.access.pages.asking import tell_of_key
from ocpp_css.people.access.service import keys, standing
from ocpp_css.people.notices import Post
from ocpp_css.storage import PROVIDER, Database, Unit


class KeyGiven(msgspec.Struct, frozen=True, kw_only=True):
    """What was decided of a key; `prefix` is how its text begins."""

    id: str
    name: str
    prefix: str
    scopes: list[str]
    created_by: str
    created_at: datetime
    expires_at: datetime | None


class KeyShown(KeyGiven, frozen=True, kw_only=True):
    """A key as the interface tells it.

    A key may no more than the person who made it may now: `effective_scopes` are what counts, `state` says why.
    """

    DECIDED: ClassVar = KeyGiven

    last_used_at: datetime | None
    state: standing.State
    effective_scopes: list[str]


class KeyMade(KeyShown, frozen=True, kw_only=True):
    """A new key, with the text that is told this once."""

    api_key: str


class NewKey(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a key shall be called and permitted."""

    name: Annotated[str, Meta(min_length=1, max_length=100, pattern=r"\S")]
    scopes: Annotated[list[Annotated[str, Meta(max_length=60)]], Meta(min_length=1, max_length=100)]
    expires_at: datetime | None = None


def given_of(key: ApiKey) -> KeyGiven:
    """The key without its hash, its number as public text."""
    return KeyGiven(
        id=public(key.key_id), name=key.name, prefix=keys.shown_prefix(key), scopes=key.scopes,
        created_by=key.created_by_name, created_at=key.created_at, expires_at=key.expires_at,
    )  # fmt: skip


def shown(key: ApiKey, now: standing.Standing) -> KeyShown:
    """The key with what it may now."""
    fields = msgspec.structs.asdict(given_of(key))
    return KeyShown(**fields, last_used_at=key.last_used_at, state=now.state, effective_scopes=sorted(now.scopes))


@get("/api/v1/api-keys", opt=needs("keys:read"))
async def list_keys(
    db: NamedDependency[Database],
    unit: NamedDependency[Unit],
    limit: FromQuery[int | None] = None,
    cursor: FromQuery[str | None] = None,
) -> Page[KeyShown]:
    """List the account's API keys that are not revoked, the newest first, and what each may now."""
    found = await keys.page(unit, page_request(limit, cursor, sorts=("-id",)))
    now = await standing.of_keys(db.unit(PROVIDER), unit.tenant, found.items)
    return found.map(lambda key: shown(key, now[key.key_id]))


@posting("/api/v1/api-keys", opt=needs("keys:write", keeps_reply=False, proof=True))
async def create_key(
    db: NamedDependency[Database],
    unit: NamedDependency[Unit],
    principal: NamedDependency[Principal],
    post: NamedDependency[Post],
    request: Request[Any, Any, Any],
    data: JSONBody[NewKey],
) -> KeyMade:
    """Make an API key; `api_key` is shown this once. A scope is a permission you hold, `resource:*` or `*`."""
    expires_at = data.expires_at
    if expires_at is not None and expires_at.tzinfo is None:
        expires_at = expires_at.replace(tzinfo=UTC)
    key, text = await keys.create(unit, principal, data.name, data.scopes, expires_at)
    made = shown(key, await standing.of_key(db.unit(PROVIDER), unit.tenant, key))
    await tell_of_key(request, db, principal, post)
    return KeyMade(**msgspec.structs.asdict(made), api_key=text)


@get("/api/v1/api-keys/{key_id:str}", opt=needs("keys:read"))
async def read_key(db: NamedDependency[Database], unit: NamedDependency[Unit], key_id: FromPath[str]) -> KeyShown:
    """Show one API key that is not revoked, and what it may now."""
    key = await keys.get(unit, number_of(key_id, KeyUnknown))
    return shown(key, await standing.of_key(db.unit(PROVIDER), unit.tenant, key))


@delete("/api/v1/api-keys/{key_id:str}", opt=needs("keys:write"))
async def revoke_key(
    unit: NamedDependency[Unit],
    principal: NamedDependency[Principal],
    key_id: FromPath[str],
    if_match: IfMatch = None,
) -> None:
    """Revoke an API key; it is refused at once."""
    key = await keys.get(unit, number_of(key_id, KeyUnknown))
    must_match(if_match, given_of(key))
    keys.revoke(unit, principal, key)
