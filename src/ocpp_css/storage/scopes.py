"""Whose rows a query reads: the tenant is demanded of every table, and what would escape that is refused."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Column, ColumnElement, Select, Table, and_, bindparam, func, select, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql import visitors
from sqlalchemy.sql.expression import FromClause, Join, SelectBase, TableClause, TextClause

AnySelect = Select[*tuple[Any, ...]]
"""A query of whatever columns."""

_UNCHECKED = (SelectBase, TextClause)
_CHECKED: set[Any] = set()
_MOST_FORMS = 2_000


def scoped(query: AnySelect, tenant: int) -> AnySelect:
    """The query with the tenant demanded of every table it reads; TypeError for one that would escape that."""
    sources = query._from_obj or query.columns_clause_froms  # noqa: SLF001 - the public way compiles the whole query
    read: list[FromClause] = []
    for source in sources:
        for table in _tables(source):
            query = query.where(table.c.tenant_id == tenant)
        read += _all_tables(source)
    _check_once(query, read)
    return query


def _check_once(query: AnySelect, read: Sequence[FromClause]) -> None:
    """Check a query, if none of the same form was: the key by which SQLAlchemy knows that it has compiled it, which
    it needs and keeps anyway. Values are no part of the form.
    """
    form = query._generate_cache_key()  # noqa: SLF001 - there is no public way to it
    if form is not None and form.key in _CHECKED:
        return
    _check_clause(query, read)
    if form is not None:
        if len(_CHECKED) >= _MOST_FORMS:
            _CHECKED.clear()
        _CHECKED.add(form.key)


def _check_clause(query: AnySelect, read: Sequence[FromClause]) -> None:
    """No part names a table beyond those that are read, holds a query of its own, or is text that nobody can check."""
    for part in visitors.iterate(query):
        if part is query:
            continue
        is_foreign = isinstance(part, Column) and part.table not in read
        is_text = isinstance(part, _UNCHECKED) or (getattr(part, "is_literal", False) and str(part) != "*")
        if is_foreign or is_text:
            msg = "what reads another table, or text, would escape the tenant's scope"
            raise TypeError(msg)


def joined(left: Table | Join, right: Table, *on: ColumnElement[bool]) -> Join:
    """A left outer join within one tenant."""
    home = left if isinstance(left, Table) else _tables(left)[0]
    return left.join(right, and_(home.c.tenant_id == right.c.tenant_id, *on), isouter=True)


def _all_tables(source: FromClause) -> list[FromClause]:
    """Every table of a source, those of outer joins too."""
    if isinstance(source, Join):
        return [*_all_tables(source.left), *_all_tables(source.right)]
    return [source]


def _tables(source: FromClause) -> list[TableClause]:
    if isinstance(source, Join):
        if not source.isouter:
            return [*_tables(source.left), *_tables(source.right)]
        named = {column for column in visitors.iterate(source.onclause) if isinstance(column, Column)}
        if all(table.c.tenant_id in named for table in _tables(source.right)):
            return _tables(source.left)
    if isinstance(source, TableClause):
        return [source]
    msg = "a unit reads tables and joins of tables; anything else would escape the tenant's scope"
    raise TypeError(msg)


def of_each(
    part: AnySelect, tenant: int, owner: ColumnElement[int], owners: Sequence[int], *, is_embedded: bool
) -> AnySelect:
    """The rows that `part`, ordered and limited, has for each of the owners: one statement, whose text and plan do not
    grow with their number; an empty row for those who have none (the outer join keeps SQLite from beginning with the
    table, and from looking there at each row of the tenant).

    `part` selects columns of one table, among them `id`, which alone tells its rows apart.
    """
    if is_embedded:
        given = func.json_each(msgspec.json.encode(owners).decode()).table_valued("value")
        number = part.selected_columns.id
        ids = scoped(part.where(owner == given.c.value), tenant).with_only_columns(number, maintain_column_froms=True)
        found = and_(number.table.c.tenant_id == tenant, number.in_(ids.correlate(given).scalar_subquery()))
        return select(*part.selected_columns).select_from(given.outerjoin(number.table, found))
    array = bindparam(None, list(owners), type_=ARRAY(BigInteger))
    given = func.unnest(array).table_valued("owner").render_derived()
    rows = scoped(part.where(owner == given.c.owner), tenant).lateral()
    return select(*rows.c).select_from(given.outerjoin(rows, true()))
