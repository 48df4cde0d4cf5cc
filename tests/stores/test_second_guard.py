"""PostgreSQL itself refuses statements that forgot the tenant: the second guard, behind the unit (TRUST A49)."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
from sqlalchemy import Table, func, select, text
from sqlalchemy.exc import DBAPIError
from tests.postgres import Postgres, looking_at_all
from tests.secret_key import vault_of
from tests.stores.conftest import copy_of

from ocpp_css.assembly import find_areas
from ocpp_css.bus import InProcessBus
from ocpp_css.kit.clock import system_clock
from ocpp_css.people.access.store.keys import KEY_USES
from ocpp_css.people.audit.store import AUDIT
from ocpp_css.storage import METADATA, Database
from ocpp_css.storage.opening import open_database
from ocpp_css.storage.policies import TENANTS, UNSEALED
from ocpp_css.storage.tables import COUNTERS
from ocpp_css.storage.unit import Outcome

pytestmark = [pytest.mark.anyio, pytest.mark.trust("A49"), pytest.mark.requirement("CS-10")]
find_areas("ocpp_css")
TABLES = sorted(METADATA.tables.values(), key=lambda table: table.name)
OURS, THEIRS = 7, 8


@pytest.fixture
def url(postgres: Postgres, postgres_template: str) -> str:
    return copy_of(postgres, postgres_template)


@pytest.fixture
async def db(url: str) -> AsyncIterator[Database]:
    found = await open_database(url, InProcessBus(), system_clock, vault_of(url))
    yield found
    await found.close()


@pytest.fixture
async def nobody(url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection of the service's own user that was not said to be for a tenant."""
    connection = await asyncpg.connect(url)
    yield connection
    await connection.close()


async def fill(url: str, table: Table) -> None:
    """One row of each of two tenants."""
    connection = await looking_at_all(url)
    kinds = dict(await connection.fetch(_KINDS, table.name))
    names = [column.name for column in table.columns if not column.nullable]
    values = ", ".join("$1" if name == "tenant_id" else _SAMPLES[kinds[name]] for name in names)
    listed = ", ".join(f'"{name}"' for name in names)
    for tenant in (OURS, THEIRS):
        await connection.execute(f"INSERT INTO {table.name} ({listed}) VALUES ({values})", tenant)
    await connection.close()


_KINDS = "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = $1"
_SAMPLES = {
    "bigint": "5", "integer": "5", "text": "'x'", "boolean": "true", "timestamp with time zone": "now()",
    "double precision": "5",
}  # fmt: skip


async def test_no_table_lacks_the_guard(nobody: asyncpg.Connection) -> None:
    assert await nobody.fetch(UNSEALED) == []
    sealed = await nobody.fetchval("SELECT count(*) FROM pg_policy WHERE polname = 'tenant'")
    assert sealed >= len(TABLES)


async def test_a_table_of_a_migration_to_come_is_guarded_too(url: str, nobody: asyncpg.Connection) -> None:
    await nobody.execute("CREATE TABLE novelties (tenant_id bigint, id bigint)")
    await nobody.execute("DROP TABLE former_proofs")
    await nobody.execute("ALTER TABLE commands DROP COLUMN key_id")
    await nobody.execute("ALTER TABLE incidents DROP COLUMN since, DROP COLUMN found")
    await nobody.execute("ALTER TABLE one_time_links DROP COLUMN since")
    await nobody.execute("UPDATE alembic_version SET version_num = '0019'")
    found = await open_database(url, InProcessBus(), system_clock, vault_of(url))
    await found.close()
    assert await nobody.fetch(UNSEALED) == []


async def test_queries_without_their_tenant_see_ones_own_rows_at_most(db: Database, url: str) -> None:
    for table in TABLES:
        await fill(url, table)
        stripped = select(table.c.tenant_id).where(table.c.tenant_id.in_([OURS, THEIRS]))
        stripped = stripped.execution_options(every_tenant=True)
        for tenant in (OURS, THEIRS):
            assert {row.tenant_id for row in await db.read(stripped, tenant)} == {tenant}, table.name
        assert await db.read(stripped, 9) == [], table.name
        assert len(await db.across_tenants(stripped)) == 2, table.name


async def test_statements_without_their_tenant_change_nothing_of_others(url: str, nobody: asyncpg.Connection) -> None:
    for table in TABLES:
        await fill(url, table)
        await refuse_all(nobody, table)


async def refuse_all(nobody: asyncpg.Connection, table: Table) -> None:
    """What was said to be for no tenant touches nothing; what is for one neither sees nor makes another's rows."""
    name, columns = table.name, [f'"{column}"' for column in table.columns.keys()]  # noqa: SIM118
    await nobody.execute(f"RESET {TENANTS}")
    assert await nobody.fetchval(f"SELECT count(*) FROM {name}") == 0, name
    assert await nobody.execute(f"DELETE FROM {name}") == "DELETE 0", name
    assert await nobody.execute(f"UPDATE {name} SET {columns[-1]} = {columns[-1]}") == "UPDATE 0", name
    await nobody.execute(f"SET {TENANTS} = '{OURS}'")
    rest = ", ".join(columns[1:])
    for statement in (
        f"UPDATE {name} SET tenant_id = 9", f"INSERT INTO {name} (tenant_id, {rest}) SELECT 9, {rest} FROM {name}"
    ):  # fmt: skip
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await nobody.execute(statement)
    if table is not AUDIT:  # which nobody removes from at all
        assert await nobody.execute(f"DELETE FROM {name}") == "DELETE 1", name


async def test_a_reading_connection_writes_nothing(db: Database) -> None:
    unit = db.unit(OURS)
    unit.insert(COUNTERS, name="x", value=1)
    await unit.commit()
    with pytest.raises(DBAPIError, match="read-only"):
        await db.read(text("DELETE FROM counters WHERE tenant_id = 7 RETURNING 1"), OURS)  # type: ignore[arg-type]


async def test_a_batch_of_many_tenants_is_written_and_each_sees_its_own(db: Database) -> None:
    units = [db.unit(tenant) for tenant in range(1, 60)]
    for unit in units:
        unit.insert(COUNTERS, name="x", value=unit.tenant)
        db.later(KEY_USES, (unit.tenant, 1), (unit.now,))
    for unit in units:
        unit.submit(lambda _unit: None)
    for unit in units:
        again = db.unit(unit.tenant)
        again.upsert(COUNTERS, name="y", value=1)
        await again.commit()
        found = await again.all(select(COUNTERS.c.value).where(COUNTERS.c.name == "x"))
        assert [row.value for row in found] == [unit.tenant]
    assert all(unit.outcome is Outcome.COMMITTED for unit in units)
    (count,) = await db.across_tenants(select(func.count()).select_from(COUNTERS).where(COUNTERS.c.name == "x"))
    assert count[0] == len(units)
    await db.flush()
    assert len(await db.across_tenants(KEY_USES.select())) == len(units)
