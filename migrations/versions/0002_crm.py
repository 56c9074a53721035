"""Channels, contacts, chats, sessions, messages, groups, agents and the timeline."""

from migrations.support import admit, protect, run

revision = "0002_crm"
down_revision = "0001_identity"

TABLES = (
    "agents",
    "channels",
    "contacts",
    "contact_identities",
    "chats",
    "chat_addresses",
    "chat_participants",
    "sessions",
    "message_groups",
    "messages",
    "message_receipts",
    "early_receipts",
    "contact_events",
    "ai_runs",
)


def upgrade() -> None:
    run("0002_crm.up")
    for table in TABLES:
        protect(table, per_project=True)
    admit(
        "ventros_relay",
        "message_groups",
        "select",
        "using (status in ('pending', 'processing') or outcome is null)",
        "(tenant_id, id, status, outcome, generation, deadline_at, closed_at, updated_at)",
    )
    admit(
        "ventros_relay",
        "messages",
        "select",
        "using (status in ('queued', 'sending', 'unknown'))",
        "(tenant_id, id, status, claimed_at, updated_at)",
    )
    admit(
        "ventros_relay",
        "sessions",
        "select",
        "using (status = 'open')",
        "(tenant_id, id, status, last_message_at, timeout_minutes)",
    )
    admit("ventros_relay", "early_receipts", "delete", "using (expires_at < now())")
    admit("ventros_relay", "early_receipts", "select", "using (expires_at < now())", "(tenant_id, expires_at)")


def downgrade() -> None:
    run("0002_crm.down")
