"""Where in a trace what leaves was written, and who counts over all tenants."""

from alembic import op

from migrations.support import admit, run

revision = "0011_watched"
down_revision = "0010_origins"

OBSERVED = {
    "outbox_events": "tenant_id, type, envelope, created_at, published_at",
    "outbox_tasks": "created_at, published_at, run_at",
    "dead_letters": "kind, function, status, failed_at",
    "sessions": "status",
    "message_groups": "tenant_id, id, status, outcome, deadline_at, closed_at",
    "messages": "tenant_id, id, answers_group_id",
    "ai_runs": "tenant_id, id, responder, model",
    "channels": "status, connection",
}


def upgrade() -> None:
    run("0011_watched.up")
    for table, columns in OBSERVED.items():
        admit("ventros_observer", table, "select", "using (true)", f"({columns})")
    op.execute("grant select (expires_at) on relays to ventros_observer")


def downgrade() -> None:
    for table in OBSERVED:
        op.execute(f"drop policy ventros_observer_select on {table}")
        op.execute(f"revoke all on {table} from ventros_observer")
    op.execute("revoke all on relays from ventros_observer")
    run("0011_watched.down")
