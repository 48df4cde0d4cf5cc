"""transactions of a station or a token by indexes that keep their order."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("transactions", schema=None) as batch_op:
        batch_op.drop_index("ix_transactions_token")
        batch_op.create_index("ix_transactions_token_id", ["tenant_id", "token", "id"], unique=False)
        batch_op.create_index("ix_transactions_station_id_id", ["tenant_id", "station_id", "id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("transactions", schema=None) as batch_op:
        batch_op.drop_index("ix_transactions_station_id_id")
        batch_op.drop_index("ix_transactions_token_id")
        batch_op.create_index("ix_transactions_token", ["tenant_id", "token"], unique=False)
