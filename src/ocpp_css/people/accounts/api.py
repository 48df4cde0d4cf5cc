"""Oneself over REST."""

from typing import Annotated, Any

import msgspec
from litestar import get, patch
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import UNSET, Meta, UnsetType

from ocpp_css.edge import Principal, needs
from ocpp_css.kit.ids import public
from ocpp_css.people.accounts.errors import PersonNeeded
from ocpp_css.people.accounts.model import Theme
from ocpp_css.people.accounts.service import users
from ocpp_css.storage import PROVIDER, Database

Text = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"\S")]


class Me(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks: a person, or an API key, which has neither address nor preferences."""

    kind: str
    id: str
    name: str
    account_id: str | None
    account: str
    permissions: list[str]
    email: str | None = None
    username: str | None = None
    language: str | None = None
    time_zone: str | None = None
    theme: Theme | None = None


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
    db: NamedDependency[Database], principal: NamedDependency[Principal], data: JSONBody[MeChange]
) -> Me:
    """Change one's name, user name, language, time zone or theme."""
    if principal.kind != "user":
        raise PersonNeeded
    changes = {name: value for name, value in msgspec.structs.asdict(data).items() if value is not UNSET}
    if "name" in changes:
        changes["display_name"] = changes.pop("name")
    unit = db.unit(PROVIDER)
    await users.change(unit, principal, changes)
    await unit.commit()
    return await described(db, principal)
