"""the message log in partitions, on PostgreSQL; the rows that are there become the first one, as they stand."""

from datetime import UTC, datetime

from alembic import op

from ocpp_css.storage.partitions import WEEK, bound, week_of

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_context().dialect.name != "postgresql":
        return
    end = bound(week_of(datetime.now(UTC)) + WEEK)
    op.execute("ALTER TABLE messages RENAME TO messages_part_first")
    op.execute("ALTER INDEX pk_messages RENAME TO pk_messages_part_first")
    op.execute("ALTER INDEX ix_messages_station_id_id RENAME TO ix_messages_part_first")
    op.execute("CREATE TABLE messages (LIKE messages_part_first INCLUDING DEFAULTS) PARTITION BY RANGE (id)")
    op.execute("ALTER TABLE messages ADD CONSTRAINT pk_messages PRIMARY KEY (tenant_id, id)")
    op.execute("CREATE INDEX ix_messages_station_id_id ON messages (tenant_id, station_id, id)")
    op.execute(f"ALTER TABLE messages ATTACH PARTITION messages_part_first FOR VALUES FROM (MINVALUE) TO ('{end}')")
    op.execute("CREATE TABLE messages_part_default PARTITION OF messages DEFAULT")


def downgrade() -> None:
    if op.get_context().dialect.name != "postgresql":
        return
    op.execute("CREATE TABLE messages_whole (LIKE messages INCLUDING DEFAULTS)")
    op.execute("INSERT INTO messages_whole SELECT * FROM messages")
    op.execute("DROP TABLE messages")
    op.execute("ALTER TABLE messages_whole RENAME TO messages")
    op.execute("ALTER TABLE messages ADD CONSTRAINT pk_messages PRIMARY KEY (tenant_id, id)")
    op.execute("CREATE INDEX ix_messages_station_id_id ON messages (tenant_id, station_id, id)")
