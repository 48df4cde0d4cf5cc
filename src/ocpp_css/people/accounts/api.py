"""Oneself over REST."""

from typing import Annotated, Any, ClassVar

import msgspec
from litestar import get, patch
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import UNSET, Meta, UnsetType

from ocpp_css.edge import IfMatch, Principal, must_match, needs
from ocpp_css.kit.ids import public
from ocpp_css.people.accounts.errors import PersonNeeded
from ocpp_css.people.accounts.model import Theme
from ocpp_css.people.accounts.service import users
from ocpp_css.storage import PROVIDER, Database

Text = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"\S")]


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """What a person says of themselves; an API key has only a name."""

    id: str
    name: str
    email: str | None = None
    username: str | None = None
    language: str | None = None
    time_zone: str | None = None
    theme: Theme | None = None


class Me(Profile, frozen=True, kw_only=True):
    """Who asks, a person or an API key, and what it may do in the account it looks at now."""

    DECIDED: ClassVar = Profile

    kind: str
    account_id: str | None
    account: str
    permissions: list[str]


class MeChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a person may change of themselves; what is left out stays."""

    name: Text | UnsetType = UNSET
    username: Text | UnsetType | None = UNSET
    language: Annotated[str, Meta(max_length=20)] | UnsetType = UNSET
    time_zone: Annotated[str, Meta(max_length=60)] | UnsetType = UNSET
    theme: Theme | UnsetType = UNSET


async def described(db: Database, principal: Principal) -> Me:
    """The one who asks, as the interface tells it."""
    own: dict[str, Any] = {}
    if principal.kind == "user":
        user = await users.get(db.unit(PROVIDER), principal.id)
        own = {name: getattr(user, name) for name in ("email", "username", "language", "time_zone", "theme")}
        own["name"] = user.display_name
    fields = {
        "kind": principal.kind, "id": public(principal.id), "name": principal.name, "account": principal.account,
        "account_id": public(principal.tenant) if principal.tenant else None,
        "permissions": sorted(principal.permissions),
    }  # fmt: skip
    return Me(**{**fields, **own})


@get("/api/v1/me", opt=needs(""))
async def read_me(db: NamedDependency[Database], principal: NamedDependency[Principal]) -> Me:
    """Show who the caller is, and what it may do."""
    return await described(db, principal)


@patch("/api/v1/me", opt=needs(""))
async def change_me(
    db: NamedDependency[Database],
    principal: NamedDependency[Principal],
    data: JSONBody[MeChange],
    if_match: IfMatch = None,
) -> Me:
    """Change one's name, user name, language, time zone or theme."""
    if principal.kind != "user":
        raise PersonNeeded
    changes = {name: value for name, value in msgspec.structs.asdict(data).items() if value is not UNSET}
    if "name" in changes:
        changes["display_name"] = changes.pop("name")
    unit = db.unit(PROVIDER)
    await users.change(unit, principal, changes)
    must_match(if_match, await described(db, principal))
    await unit.commit()
    return await described(db, principal)
