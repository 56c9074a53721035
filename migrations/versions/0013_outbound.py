"""Everything that can be sent, done to what was sent, and scheduled; and how fast a number sends."""

from alembic import op

from migrations.support import admit, protect, run

revision = "0013_outbound"
down_revision = "0012_events"


def upgrade() -> None:
    run("0013_outbound.up")
    for table in ("message_actions", "scheduled_messages", "send_paces"):
        protect(table, per_project=True)
    op.execute("grant select (not_before) on messages to ventros_relay")
    admit(
        "ventros_relay",
        "scheduled_messages",
        "select",
        "using (status = 'scheduled')",
        "(tenant_id, id, status, send_at)",
    )


def downgrade() -> None:
    run("0013_outbound.down")
