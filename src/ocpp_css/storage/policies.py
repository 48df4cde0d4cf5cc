"""The second guard (decision 51): PostgreSQL itself lets a statement touch rows of the tenants that it is for alone.

Each connection says so in `app.tenants`; without a word no row of any table is seen or written. The first guard is the
unit, which adds the tenant to every query (`unit.scoped`).
"""

from collections.abc import Iterable
from typing import Final

from sqlalchemy import Connection, text

TENANTS: Final = "app.tenants"
"""The tenants, parted by commas, whose rows the session may touch."""
EVERY: Final = "app.every_tenant"
"""`on` for what comes before a tenant is known, and for migrations."""
UNSEALED: Final = (
    "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' "
    "WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition "
    "AND NOT (c.relrowsecurity AND c.relforcerowsecurity "
    "AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'tenant')) ORDER BY c.relname"
)
"""The tables of tenants that have no guard; a partition is reached through its table, which has one."""
BYPASSES: Final = "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
"""Whether the guard does not hold for who is connected."""


def listed(tenants: Iterable[int]) -> str:
    """The value of `app.tenants`."""
    return ",".join(map(str, tenants))


def seal(connection: Connection) -> None:
    """Guard every table of tenants that has no guard yet; the owner of the tables is bound by it as well."""
    for (name,) in connection.execute(text(UNSEALED)).all():
        for statement in _statements(name):
            connection.execute(text(statement))


def _statements(table: str) -> list[str]:
    allowed = f"SELECT unnest(string_to_array(current_setting('{TENANTS}', true), ',')::bigint[])"
    condition = f"current_setting('{EVERY}', true) = 'on' OR tenant_id IN ({allowed})"
    return [
        f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY',
        f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY',
        f'DROP POLICY IF EXISTS tenant ON "{table}"',
        f'CREATE POLICY tenant ON "{table}" USING ({condition})',
    ]
