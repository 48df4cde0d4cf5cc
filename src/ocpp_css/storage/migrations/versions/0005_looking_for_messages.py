"""small indexes of the message log: refused messages, and actions that are not the bulk."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    refused, rare = sa.text("error IS NOT NULL"), sa.text("action NOT IN ('MeterValues', 'TransactionEvent')")
    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.create_index(
            "ix_messages_errors",
            ["tenant_id", "station_id", "id"],
            unique=False,
            sqlite_where=refused,
            postgresql_where=refused,
        )
        batch_op.create_index(
            "ix_messages_rare",
            ["tenant_id", "station_id", "action", "id"],
            unique=False,
            sqlite_where=rare,
            postgresql_where=rare,
        )


def downgrade() -> None:
    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.drop_index("ix_messages_rare")
        batch_op.drop_index("ix_messages_errors")
