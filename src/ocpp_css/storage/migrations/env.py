"""Alembic's environment: the tables of all areas, on the connection that is handed in."""

from typing import Literal

from alembic import context
from sqlalchemy import Connection

from ocpp_css.storage import migrating, policies
from ocpp_css.storage.schema import METADATA, Document, UtcTime


def _shown(kind: str, item: object, _context: object) -> str | Literal[False]:
    """The product's column types by the name under which migrations import them."""
    if kind == "type" and isinstance(item, (UtcTime, Document)):
        return f"{type(item).__name__}()"
    return False


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=METADATA,
        render_as_batch=connection.dialect.name == "sqlite",
        render_item=_shown,
        include_name=migrating.is_no_partition,
        include_object=migrating.belongs(connection.dialect.name),
        compare_type=False,
    )
    with context.begin_transaction():
        context.run_migrations()
        if connection.dialect.name == "postgresql":
            policies.seal(connection)


_run(context.config.attributes["connection"])
