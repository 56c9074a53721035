"""Dead letters, and an outbox that forgets what it has published."""

from alembic import op

from migrations.support import admit, protect, run

revision = "0008_dead_letters"
down_revision = "0007_search"


def upgrade() -> None:
    run("0008_dead_letters.up")
    protect("dead_letters", grants="select, insert, update")
    admit("ventros_relay", "dead_letters", "select", "using (expires_at < now())", "(expires_at)")
    admit("ventros_relay", "dead_letters", "delete", "using (expires_at < now())")
    for table in ("outbox_events", "outbox_tasks"):
        admit("ventros_relay", table, "delete", "using (published_at < now() - interval '1 day')")


def downgrade() -> None:
    for table in ("outbox_events", "outbox_tasks"):
        op.execute(f"drop policy ventros_relay_delete on {table}")
        op.execute(f"revoke delete on {table} from ventros_relay")
    run("0008_dead_letters.down")
