"""Login sessions, identities of outside issuers, and what bounds an API key."""

from alembic import op

from migrations.support import admit, protect, run

revision = "0005_sign_in"
down_revision = "0004_limits"


def upgrade() -> None:
    run("0005_sign_in.up")
    protect("login_sessions", grants="select, insert, update")
    admit("ventros_relay", "login_sessions", "select", "using (expires_at < now())", "(tenant_id, expires_at)")
    admit("ventros_relay", "login_sessions", "delete", "using (expires_at < now())")
    protect("external_identities", grants="select, insert")
    admit("ventros_resolver", "external_identities", "select", "using (true)")
    op.execute("grant delete on memberships to ventros_app")


def downgrade() -> None:
    op.execute("revoke delete on memberships from ventros_app")
    run("0005_sign_in.down")
