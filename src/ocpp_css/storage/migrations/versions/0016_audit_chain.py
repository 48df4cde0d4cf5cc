"""audit chain."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

KEPT = "entries of the audit log are neither changed nor removed"
PRUNED = (
    "coalesce((SELECT chains.number FROM chains WHERE chains.tenant_id = OLD.tenant_id"
    " AND chains.name = 'audit.pruned'), 0)"
)


def upgrade() -> None:
    op.create_table(
        "chains",
        sa.Column("tenant_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("proof", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "name", name=op.f("pk_chains")),
        info={"key": ("tenant_id", "name")},
    )
    op.add_column("audit", sa.Column("reason", sa.Text(), nullable=True))
    op.add_column("audit", sa.Column("number", sa.BigInteger(), nullable=True))
    op.add_column("audit", sa.Column("digest", sa.Text(), nullable=True))
    op.add_column("audit", sa.Column("link", sa.Text(), nullable=True))
    op.create_index("uq_audit_number", "audit", ["tenant_id", "number"], unique=True)
    _guard()


def _guard() -> None:
    """Entries that have their link stay as they are, whoever asks; what was pruned may go."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"CREATE TRIGGER audit_unchanged BEFORE UPDATE ON audit WHEN OLD.link IS NOT NULL "
            f"BEGIN SELECT RAISE(ABORT, '{KEPT}'); END"
        )
        op.execute(
            f"CREATE TRIGGER audit_kept BEFORE DELETE ON audit WHEN OLD.link IS NOT NULL AND OLD.number > {PRUNED} "
            f"BEGIN SELECT RAISE(ABORT, '{KEPT}'); END"
        )
        return
    op.execute(
        f"CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '{KEPT}'; END $$"
    )
    op.execute(
        f"CREATE FUNCTION audit_keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF OLD.link IS NOT NULL AND OLD.number > {PRUNED} THEN RAISE EXCEPTION '{KEPT}'; END IF; "
        f"RETURN OLD; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_unchanged BEFORE UPDATE ON audit FOR EACH ROW WHEN (OLD.link IS NOT NULL) "
        "EXECUTE FUNCTION audit_refuse()"
    )
    op.execute("CREATE TRIGGER audit_kept BEFORE DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_keep()")
    op.execute("CREATE TRIGGER audit_whole BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()")


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name in ("audit_unchanged", "audit_kept"):
            op.execute(f"DROP TRIGGER {name}")
    else:
        for name in ("audit_unchanged", "audit_kept", "audit_whole"):
            op.execute(f"DROP TRIGGER {name} ON audit")
        for name in ("audit_refuse", "audit_keep"):
            op.execute(f"DROP FUNCTION {name}()")
    op.drop_index("uq_audit_number", "audit")
    for name in ("link", "digest", "number", "reason"):
        op.drop_column("audit", name)
    op.drop_table("chains")
