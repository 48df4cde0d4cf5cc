"""The account over REST."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import get, patch
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import UNSET, Meta, UnsetType

from ocpp_css.edge import IfMatch, Principal, must_match, needs
from ocpp_css.kit.ids import public
from ocpp_css.people.tenants import service
from ocpp_css.people.tenants.model import Account, UnknownStations
from ocpp_css.storage import PROVIDER, Database

Name = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"\S")]


class AccountShown(msgspec.Struct, frozen=True, kw_only=True):
    """The account as the interface tells it."""

    account_id: str
    name: str
    connection_code: str
    region: str | None
    unknown_stations: UnknownStations
    created_at: datetime


class AccountChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What of an account may be changed; what is left out stays."""

    name: Name | UnsetType = UNSET
    region: Annotated[str, Meta(max_length=50)] | UnsetType | None = UNSET
    unknown_stations: UnknownStations | UnsetType = UNSET


def shown(account: Account) -> AccountShown:
    """The account with its number as public text."""
    return AccountShown(
        account_id=public(account.account_id), name=account.name, connection_code=account.connection_code,
        region=account.region, unknown_stations=account.unknown_stations, created_at=account.created_at,
    )  # fmt: skip


def given(change: msgspec.Struct) -> dict[str, Any]:
    """The members that a change names."""
    return {name: value for name, value in msgspec.structs.asdict(change).items() if value is not UNSET}


@get("/api/v1/account", opt=needs("account:read"))
async def read_account(db: NamedDependency[Database], principal: NamedDependency[Principal]) -> AccountShown:
    """Show the account of the caller."""
    return shown(await service.get(db.unit(PROVIDER), principal.tenant))


@patch("/api/v1/account", opt=needs("account:write"))
async def change_account(
    db: NamedDependency[Database],
    principal: NamedDependency[Principal],
    data: JSONBody[AccountChange],
    if_match: IfMatch = None,
) -> AccountShown:
    """Change the account; `unknown_stations` says what happens to stations nobody registered."""
    unit = db.unit(PROVIDER)
    before = await service.get(unit, principal.tenant)
    must_match(if_match, shown(before))
    account = service.change(unit, before, principal, given(data))
    await unit.commit()
    return shown(account)
