"""How channels do, and when they were last heard of."""

from migrations.support import admit, protect, run

revision = "0016_channel_health"
down_revision = "0015_history"


def upgrade() -> None:
    run("0016_channel_health.up")
    protect("channel_health", per_project=True)
    admit("ventros_relay", "channel_health", "select", "using (true)", "(tenant_id, id, checked_at)")
    admit("ventros_observer", "channel_health", "select", "using (true)", "(timelocked, silent_since)")


def downgrade() -> None:
    run("0016_channel_health.down")
