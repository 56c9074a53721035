"""Outbox, inbox and raw provider deliveries."""

from alembic import op

from migrations.support import admit, protect, run

revision = "0003_bus"
down_revision = "0002_crm"


def upgrade() -> None:
    run("0003_bus.up")
    for table in ("outbox_events", "outbox_tasks"):
        protect(table, grants="select, insert")
        admit("ventros_relay", table, "select", "using (true)")
        admit("ventros_relay", table, "update", "using (true)", "(published_at, attempts, last_error)")
    admit("ventros_relay", "outbox_tasks", "insert", "with check (true)")
    protect("inbox", grants="select, insert")
    admit("ventros_relay", "inbox", "select", "using (true)", "(consumed_at)")
    admit("ventros_relay", "inbox", "delete", "using (consumed_at < now() - interval '30 days')")
    protect("inbound_deliveries", per_project=True, grants="select, insert, update")
    admit("ventros_relay", "inbound_deliveries", "select", "using (expires_at < now())", "(tenant_id, expires_at)")
    admit("ventros_relay", "inbound_deliveries", "delete", "using (expires_at < now())")
    op.execute("grant select, insert, update, delete on relay_leases, relays to ventros_relay")


def downgrade() -> None:
    run("0003_bus.down")
