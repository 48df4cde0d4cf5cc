"""numbers of stations: OCPP names no largest integer, so they are held in 64 bits on PostgreSQL too."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

WIDER = {
    "transactions": ("evse_id", "connector_id", "reservation_id", "remote_start_id"),
    "connectors": ("evse_id", "connector_id"),
    "variables": ("evse_id", "connector_id"),
    "device_events": ("evse_id", "severity"),
    "maintenance_progress": ("request_id",),
}


def upgrade() -> None:
    _become(sa.BigInteger())


def downgrade() -> None:
    _become(sa.Integer())


def _become(kind: sa.Integer) -> None:
    """SQLite holds 64 bits in every integer: only PostgreSQL's columns change, each table in one pass."""
    if op.get_context().dialect.name != "postgresql":
        return
    for table, columns in WIDER.items():
        changes = ", ".join(f"ALTER COLUMN {name} TYPE {kind.compile()}" for name in columns)
        op.execute(f"ALTER TABLE {table} {changes}")
