"""the log's rows of a station are found by an index that SQLite writes late; PostgreSQL keeps its own."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "messages_late",
        sa.Column("tenant_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("station_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "station_id", "id", name=op.f("pk_messages_late")),
        sqlite_with_rowid=False,
    )
    if op.get_context().dialect.name == "sqlite":
        op.execute(
            "INSERT INTO messages_late SELECT tenant_id, station_id, id FROM messages "
            "ORDER BY tenant_id, station_id, id"
        )
        op.drop_index("ix_messages_station_id_id", table_name="messages")


def downgrade() -> None:
    if op.get_context().dialect.name == "sqlite":
        op.create_index("ix_messages_station_id_id", "messages", ["tenant_id", "station_id", "id"])
    op.drop_table("messages_late")
