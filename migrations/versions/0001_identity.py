"""Tenants, projects, users, roles and keys."""

from alembic import op

from migrations.support import admit, protect, run

revision = "0001_identity"
down_revision = None


def upgrade() -> None:
    run("0001_identity.up")
    op.execute("grant select on schema_version to ventros_app")
    protect("tenants", grants="select, insert, update")
    for table in ("projects", "users", "memberships", "api_keys"):
        protect(table, grants="select, insert, update")
    protect("logins", grants="insert")
    admit("ventros_resolver", "logins", "select", "using (true)")


def downgrade() -> None:
    run("0001_identity.down")
    op.execute("revoke all on schema_version from ventros_app")
