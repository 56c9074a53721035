"""What a channel's provider remembers of the past, and how much of it we have."""

from alembic import op

from migrations.support import admit, protect, run

revision = "0015_history"
down_revision = "0014_media"


def upgrade() -> None:
    run("0015_history.up")
    for table in ("history_runs", "history_chats", "history_days"):
        protect(table, per_project=True)
    columns = "(tenant_id, id, status, updated_at)"
    admit("ventros_relay", "history_runs", "select", "using (status = 'running')", columns)
    admit("ventros_relay", "channels", "select", "using (status = 'active')", "(tenant_id, id, type, status)")
    admit("ventros_relay", "history_chats", "delete", "using (expires_at < now())")
    admit("ventros_relay", "history_chats", "select", "using (expires_at < now())", "(tenant_id, expires_at)")


def downgrade() -> None:
    op.execute("revoke select (tenant_id, id, type, status) on channels from ventros_relay")
    op.execute("drop policy ventros_relay_select on channels")
    run("0015_history.down")
