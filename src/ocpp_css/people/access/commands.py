"""Set-up from the command line, also beside a running service: what these write is noticed there within a second."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any

from ocpp_css.kit.ids import parse_public, public
from ocpp_css.people import accounts, audit, tenants
from ocpp_css.people.access.service import keys
from ocpp_css.people.access.service.members import home, join
from ocpp_css.people.access.service.sessions import Sessions
from ocpp_css.people.accounts import EmailTaken, Passwords, User
from ocpp_css.people.audit import COMMAND_LINE
from ocpp_css.storage import PROVIDER, Database, Unit


async def create_account(db: Database, name: str, email: str, password: str) -> dict[str, Any]:
    """Make an account and its owner; a person who exists already becomes owner when the password is theirs."""
    unit = db.unit(PROVIDER)
    with closing(Passwords()) as passwords:
        user = await _owner(unit, passwords, email, password)
    account = await tenants.create(unit, name)
    join(unit, replace(COMMAND_LINE, tenant=account.account_id), user.user_id, account.account_id, "owner")
    tenants.touch_outside(unit)
    await unit.commit()
    return {
        "account_id": public(account.account_id),
        "connection_code": account.connection_code,
        "user_id": public(user.user_id),
    }


async def _owner(unit: Unit, passwords: Passwords, email: str, password: str) -> User:
    user = await accounts.find_login(unit, email)
    if user is None:
        return await accounts.create(unit, passwords, email=email, name="", password=password)
    if not await accounts.verify(unit, passwords, user, password):
        raise EmailTaken
    return user


async def destroy_key_of(db: Database, person: str) -> str:
    """End a person's access and destroy the key of what is known of them; the person's id.

    `person` is an e-mail address, a user name or an id, by which it can be repeated where it was broken off.
    """
    unit = db.unit(PROVIDER)
    user = await accounts.find_login(unit, person) or await accounts.get(unit, parse_public(person) or 0)
    who = replace(COMMAND_LINE, tenant=await home(unit, user.user_id))
    await Sessions(db.vault.secrets).end_all(unit, who, user.user_id)
    accounts.forget(unit, user)
    audit.record(unit, who, "user.key_destroyed", "user", public(user.user_id))
    await unit.commit()
    await db.vault.people.destroy(user.user_id)
    tenants.touch_outside(unit)
    await unit.commit()
    return public(user.user_id)


async def create_api_key(db: Database, account: str, name: str, scopes: Sequence[str]) -> dict[str, Any]:
    """Make an API key of the account with this id, connection code or name; its text is shown this once."""
    outside = db.unit(PROVIDER)
    found = await tenants.find(outside, account)
    unit = db.unit(found.account_id)
    key, text = await keys.create(unit, COMMAND_LINE, name, scopes)
    await unit.commit()
    tenants.touch_outside(outside)
    await outside.commit()
    return {
        "api_key": text,
        "api_key_id": public(key.key_id),
        "account_id": public(found.account_id),
        "name": key.name,
        "scopes": key.scopes,
    }
