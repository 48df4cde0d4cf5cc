"""refused connections."""

import sqlalchemy as sa
from alembic import op

from ocpp_css.storage.schema import UtcTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "station_refusals",
        sa.Column("tenant_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("station_id", sa.BigInteger(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("times", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "station_id", name=op.f("pk_station_refusals")),
    )


def downgrade() -> None:
    op.drop_table("station_refusals")
