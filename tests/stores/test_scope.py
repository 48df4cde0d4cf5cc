"""A query sees one tenant's rows whatever it is; what could see more is refused before it runs (HOUSE 3, TRUST A49)."""

from typing import Any

import pytest
from sqlalchemy import exists, func, literal_column, or_, select, text, true, union

from ocpp_css.charging.stations.store import CONNECTORS
from ocpp_css.charging.tokens.store import TOKENS
from ocpp_css.charging.transactions.store import READINGS, TRANSACTIONS
from ocpp_css.storage import Database, joined
from ocpp_css.storage.scopes import scoped

pytestmark = [pytest.mark.anyio, pytest.mark.trust("A49")]
T, R, C = TRANSACTIONS, READINGS, CONNECTORS


def tenants_demanded(query: Any) -> int:
    return str(scoped(query, 7).compile(compile_kwargs={"literal_binds": True})).count("tenant_id = 7")


@pytest.mark.parametrize(
    ("query", "tables"),
    [
        (select(T), 1),
        (select(T.c.id).where(or_(T.c.id == 1, true())), 1),
        (select(func.count()).select_from(T), 1),
        (select(func.max(T.c.id)), 1),
        (select(T, R), 2),
        (select(*T.c, R.c.at).select_from(joined(T, R, T.c.id == R.c.transaction_id)), 1),
        (
            select(*T.c).select_from(
                joined(joined(T, R, T.c.id == R.c.transaction_id), C, T.c.station_id == C.c.station_id)
            ),
            1,
        ),
    ],
)  # fmt: skip
def test_every_table_read_is_bound_to_the_tenant(query: Any, tables: int) -> None:
    assert tenants_demanded(query) == tables


def test_a_condition_with_or_does_not_swallow_the_tenant() -> None:
    found = str(scoped(select(T.c.id).where(or_(T.c.id == 1, T.c.id == 2)), 7))
    assert "(transactions.id = :id_1 OR transactions.id = :id_2) AND transactions.tenant_id" in found


CTE = select(TOKENS.c.token_id).cte()
ESCAPES = {
    "outer join without the tenant": select(T).select_from(T.outerjoin(R, T.c.id == R.c.transaction_id)),
    "subquery in a condition": select(T.c.id).where(T.c.id.in_(select(R.c.transaction_id))),
    "exists": select(T.c.id).where(exists().where(R.c.transaction_id == T.c.id)),
    "scalar subquery as a column": select(T.c.id, select(func.count()).select_from(R).scalar_subquery()),
    "scalar subquery alone": select(select(func.count()).select_from(R).scalar_subquery()),
    "subquery as a source": select(select(T).subquery()),
    "subquery to order by": select(T.c.id).order_by(select(R.c.at).scalar_subquery()),
    "subquery to group by": select(func.count()).select_from(T).group_by(select(R.c.at).scalar_subquery()),
    "common table expression": select(CTE),
    "alias": select(T.alias("other")),
    "column of a table beside the source": select(R.c.at).select_from(T),
    "condition on a table beside the source": select(T.c.id).where(R.c.at.is_(None)),
    "order by a table beside the source": select(T.c.id).order_by(R.c.at),
    "join of the query itself": select(T.c.id).join(R, R.c.transaction_id == T.c.id),
    "text as a condition": select(T.c.id).where(text("1 = 1 OR 1")),
    "text as a source": select(text("*")).select_from(text("transactions")),
}


@pytest.mark.parametrize("name", ESCAPES)
def test_what_would_escape_is_refused(name: str) -> None:
    with pytest.raises(TypeError, match="scope"):
        scoped(ESCAPES[name], 7)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ESCAPES)
def test_what_was_refused_is_refused_again_beside_what_was_let_through(name: str) -> None:
    """A form that was checked is not checked again: none that is refused counts as checked."""
    for _ in range(2):
        scoped(select(T.c.id).where(T.c.id == 1), 7)
        with pytest.raises(TypeError):
            scoped(ESCAPES[name], 7)


def test_a_union_is_refused() -> None:
    with pytest.raises((TypeError, AttributeError)):
        scoped(union(select(T.c.id), select(T.c.id)), 7)  # type: ignore[arg-type]


def test_a_literal_column_that_reads_is_refused() -> None:
    with pytest.raises(TypeError, match="scope"):
        scoped(select(literal_column("(SELECT 1 FROM transactions)")).select_from(T), 7)


async def test_what_tests_send_without_a_tenant_is_noticed(db: Database) -> None:
    with pytest.raises(AssertionError, match="forgot its tenant"):
        await db.read(select(T.c.id), 7)
    assert await db.read(scoped(select(T.c.id), 7), 7) == []
    assert await db.across_tenants(select(T.c.id)) == []
