"""Idempotency keys, the rates that operators have set, and the counter that stands in for the store."""

from alembic import op

from migrations.support import admit, protect, run

revision = "0004_limits"
down_revision = "0003_bus"


def upgrade() -> None:
    run("0004_limits.up")
    protect("idempotency_keys", per_project=True, grants="select, insert, update")
    admit("ventros_relay", "idempotency_keys", "select", "using (expires_at < now())", "(expires_at)")
    admit("ventros_relay", "idempotency_keys", "delete", "using (expires_at < now())")
    protect("rate_limits", grants="select")
    for command, rule in (("select", "using"), ("insert", "with check"), ("update", "using"), ("delete", "using")):
        admit("ventros_owner", "rate_limits", command, f"{rule} (true)")
    op.execute("grant select, insert, delete on auth_attempts to ventros_app")
    op.execute("grant select (at), delete on auth_attempts to ventros_relay")


def downgrade() -> None:
    run("0004_limits.down")
