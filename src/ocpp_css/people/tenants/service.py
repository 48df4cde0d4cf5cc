"""The rules of accounts; all functions take a unit of the service itself (tenant PROVIDER)."""

import base64
import secrets
from collections.abc import Mapping
from typing import Any

import msgspec

from ocpp_css.bus import Bus, Message, News
from ocpp_css.edge.principal import Principal
from ocpp_css.kit.errors import Conflict
from ocpp_css.kit.ids import parse_public, public
from ocpp_css.people import audit
from ocpp_css.people.tenants import store
from ocpp_css.people.tenants.errors import AccountNameAmbiguous, AccountUnknown
from ocpp_css.people.tenants.model import Account
from ocpp_css.storage import PROVIDER, Database, Unit

TOPIC = f"tenants.{PROVIDER}"
_DEFAULT_NAME = "Main"
LONGEST_REGION = 50


def new_code() -> str:
    """A connection code: `a-` and 12 lower-case base32 characters, 60 random bits (RULES 1.1)."""
    return "a-" + base64.b32encode(secrets.token_bytes(10)).decode().lower()[:12]


async def get(unit: Unit, account_id: int) -> Account:
    """The account as it stands in the database; AccountUnknown where there is none."""
    account = await store.load_account(unit, account_id)
    if account is None:
        raise AccountUnknown
    return account


async def known(unit: Unit, account_id: int) -> Account | None:
    """The account as this process remembers it."""
    return await unit.cached(store.BY_NUMBER, account_id)


async def default(unit: Unit) -> Account | None:
    """The account that bare identities belong to, if there is one."""
    return await store.load_default(unit)


async def find(unit: Unit, text: str) -> Account:
    """The account of this id, connection code or name."""
    found = await store.named(unit, parse_public(text), text)
    if not found:
        raise AccountUnknown
    if len(found) > 1:
        raise AccountNameAmbiguous
    return found[0]


async def create(unit: Unit, name: str, region: str = "") -> Account:
    """A new account, which refuses unknown stations until it says otherwise; the first is the default one."""
    return _open(unit, name, region, is_default=not await store.has_any(unit))


async def claim(unit: Unit, account_id: int) -> None:
    """Let this unit be the only one that decides something of the account now; the others end STALE."""
    store.change(unit, await get(unit, account_id))


def _open(unit: Unit, name: str, region: str = "", *, is_default: bool) -> Account:
    account = Account(
        account_id=unit.new_id(),
        name=name,
        connection_code=new_code(),
        region=region.strip()[:LONGEST_REGION] or None,
        unknown_stations="refuse",
        is_default=is_default,
        created_at=unit.now,
        version=1,
    )
    store.add(unit, account)
    _announce(unit, account)
    return account


async def ensure_default(db: Database, name: str | None = None) -> None:
    """Make the default account when the service has no account at all; a name given makes that account the default."""
    unit = db.unit(PROVIDER)
    if not await store.has_any(unit):
        _open(unit, name or _DEFAULT_NAME, is_default=True)
    elif name is not None and not await store.named(unit, None, name):
        _open(unit, name, is_default=False)
    try:
        await unit.commit()
    except Conflict:
        return  # another process was faster: there is a default account
    if name is not None:
        await _make_default(db, name)


async def _make_default(db: Database, name: str) -> None:
    """Of two accounts only one is the default at any time: the old one gives it up first."""
    chosen = await find(db.unit(PROVIDER), name)
    before = await default(db.unit(PROVIDER))
    for account, is_default in ((before, None), (chosen, True)):
        if account is None or chosen.is_default:
            continue
        unit = db.unit(PROVIDER)
        store.change(unit, account, is_default=is_default)
        await unit.commit()


def change(unit: Unit, account: Account, principal: Principal, changes: Mapping[str, Any]) -> Account:
    """Change what `changes` names (name, region, unknown_stations) of an account as it was read; every gateway knows it
    after the commit.
    """
    before = {name: getattr(account, name) for name, value in changes.items() if getattr(account, name) != value}
    if not before:
        return account
    after = {name: changes[name] for name in before}
    store.change(unit, account, **after)
    changed = msgspec.structs.replace(account, **after, version=account.version + 1)
    _announce(unit, changed)
    audit.record(unit, principal, "account.changed", "account", public(account.account_id), before, after)
    return changed


def touch_outside(unit: Unit) -> None:
    """Let a running service notice this unit although another process made it: its memory is read anew."""
    store.mark_outside(unit)


def _announce(unit: Unit, account: Account) -> None:
    unit.tell(TOPIC, _door(account))


def _door(account: Account) -> Message:
    return {
        "account_id": account.account_id,
        "name": account.name,
        "connection_code": account.connection_code,
        "unknown_stations": account.unknown_stations,
        "is_default": account.is_default,
    }


class MemoryDoors:
    """What gateways ask of accounts' doors, answered from memory; fills the stations area's port `Doors`."""

    def __init__(self, db: Database, bus: Bus) -> None:
        self._db = db
        self._by_code: dict[str, Message] = {}
        self._default: Message | None = None
        self._news = News(self._told)
        self.unsubscribe = bus.subscribe(TOPIC, self._news.hear)

    async def load(self) -> None:
        """Read all accounts."""
        with self._news.kept():
            accounts = await store.load_all(self._db.unit(PROVIDER))
            self._by_code, self._default = {}, None
            for account in accounts:
                self._told(TOPIC, _door(account))

    def tenant_of_code(self, code: str) -> int | None:
        """The account with this connection code."""
        door = self._by_code.get(code)
        return None if door is None else int(door["account_id"])

    def names_of(self, tenant: int) -> tuple[str, ...]:
        """What an account is called in certificates: its name, or its connection code."""
        found = (door for door in self._by_code.values() if door["account_id"] == tenant)
        return tuple(name for door in found for name in (door["name"], door["connection_code"]))

    def holds_unknown(self, code: str | None) -> int | None:
        """The account that keeps unknown stations of this door as Pending; without a code the default account's."""
        door = self._default if code is None else self._by_code.get(code)
        return int(door["account_id"]) if door is not None and door["unknown_stations"] == "pending" else None

    def _told(self, _topic: str, door: Message) -> None:
        self._by_code[door["connection_code"]] = door
        if door["is_default"]:
            self._default = door
