"""personal fields sealed.

What stands in the clear is sealed by the program at its first start: a migration has no keys.
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

LOGINS = ("email", "username")
TABLES = ("audit", "commands", "review")


def upgrade() -> None:
    for name in LOGINS:
        op.drop_index(f"uq_users_{name}_folded", "users")
        op.alter_column("users", f"{name}_folded", new_column_name=f"{name}_mark")
        op.create_index(f"uq_users_{name}_mark", "users", ["tenant_id", f"{name}_mark"], unique=True)
    op.add_column("sessions", sa.Column("address_mark", sa.Text(), nullable=True))
    for table in TABLES:
        op.add_column(table, sa.Column("person_id", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    """The tables go back; values that were sealed stay so."""
    for table in TABLES:
        op.drop_column(table, "person_id")
    op.drop_column("sessions", "address_mark")
    for name in LOGINS:
        op.drop_index(f"uq_users_{name}_mark", "users")
        op.alter_column("users", f"{name}_mark", new_column_name=f"{name}_folded")
        op.create_index(f"uq_users_{name}_folded", "users", ["tenant_id", f"{name}_folded"], unique=True)
