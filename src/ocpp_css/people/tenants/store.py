"""The table of accounts and its queries; all rows belong to the service itself."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Row, Text, or_, select

from ocpp_css.people.tenants.model import Account
from ocpp_css.storage import CacheKey, Unit, UtcTime, tenant_table, version_column
from ocpp_css.storage.tables import COUNTERS

TENANTS = tenant_table(
    "tenants",
    Column("account_id", BigInteger),
    Column("name", Text, nullable=False),
    Column("connection_code", Text, nullable=False),
    Column("region", Text),
    Column("unknown_stations", Text, nullable=False),
    Column("is_default", Boolean),
    Column("created_at", UtcTime, nullable=False),
    version_column(),
    key=("account_id",),
    unique=[("connection_code",), ("is_default",)],
    indexes=[("name",)],
)
"""`is_default` is true or null, so that its unique key lets one account be the default."""

OUTSIDE = "outside"


async def load_account(unit: Unit, account_id: int) -> Account | None:
    """One account by its number."""
    row = await unit.first(select(TENANTS).where(TENANTS.c.account_id == account_id))
    return None if row is None else to_account(row)


BY_NUMBER: CacheKey[int, Account | None] = CacheKey("tenants", load_account)


async def load_all(unit: Unit) -> list[Account]:
    """Every account, the oldest first."""
    return [to_account(row) for row in await unit.all(select(TENANTS).order_by(TENANTS.c.account_id))]


async def has_any(unit: Unit) -> bool:
    """Whether the service has an account."""
    return await unit.first(select(TENANTS.c.account_id)) is not None


async def load_default(unit: Unit) -> Account | None:
    """The default account, if there is one."""
    row = await unit.first(select(TENANTS).where(TENANTS.c.is_default.is_(True)))
    return None if row is None else to_account(row)


async def named(unit: Unit, account_id: int | None, text: str) -> Sequence[Account]:
    """Up to two accounts with this number, connection code or name."""
    wanted = or_(TENANTS.c.account_id == account_id, TENANTS.c.connection_code == text, TENANTS.c.name == text)
    return [to_account(row) for row in await unit.all(select(TENANTS).where(wanted).limit(2))]


def add(unit: Unit, account: Account) -> None:
    """A new account; its code, and its being the default, must be new."""
    unit.require_absent(TENANTS, connection_code=account.connection_code)
    if account.is_default:
        unit.require_absent(TENANTS, is_default=True)
    unit.insert(TENANTS, **_row(account))
    unit.drop(BY_NUMBER, account.account_id)


def change(unit: Unit, account: Account, **changes: Any) -> None:
    """Change columns of an account seen at its version."""
    unit.update(TENANTS, (account.account_id,), seen=account.version, **changes)
    unit.drop(BY_NUMBER, account.account_id)


async def outside_mark(unit: Unit) -> int:
    """What the last change from outside the service left; 0 when there was none."""
    row = await unit.first(select(COUNTERS.c.value).where(COUNTERS.c.name == OUTSIDE))
    return 0 if row is None else int(row.value)


def mark_outside(unit: Unit) -> None:
    """Leave a new mark: a number nobody gave before, so that of two that come at once none is missed."""
    unit.upsert(COUNTERS, name=OUTSIDE, value=unit.new_id())


def _row(account: Account) -> dict[str, Any]:
    fields = {name: getattr(account, name) for name in Account.__struct_fields__}
    return {**fields, "is_default": account.is_default or None}


def to_account(row: Row[Any]) -> Account:
    """The row as a value."""
    fields = {name: row._mapping[name] for name in Account.__struct_fields__}  # noqa: SLF001 - SQLAlchemy's public name for it
    return Account(**{**fields, "is_default": bool(fields["is_default"])})
