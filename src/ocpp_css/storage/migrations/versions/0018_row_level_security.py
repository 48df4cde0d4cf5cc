"""row level security.

The policies are set by the environment after each upgrade, on every table that has none (`storage/policies.py`), so
that no migration to come can forget them. This revision makes an upgrade of databases that lack them.
"""

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing of its own."""


def downgrade() -> None:
    """Nothing of its own: an older program would see no row, so the policies go with `ALTER TABLE … DISABLE`."""
