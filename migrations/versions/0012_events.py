"""Edits, reactions, votes, roles, labels, calls and presence; and contacts that became one."""

from migrations.support import admit, protect, run

revision = "0012_events"
down_revision = "0011_watched"

TABLES = (
    "message_revisions",
    "message_reactions",
    "early_events",
    "channel_labels",
    "chat_labels",
    "calls",
    "presences",
    "lid_lookups",
    "contact_merges",
    "contact_merge_moves",
)
EXPIRED = "using (expires_at < now())"
STRANGERS = "using (contact_id is null and created_at < now() - interval '30 days')"


def upgrade() -> None:
    run("0012_events.up")
    for table in TABLES:
        protect(table, per_project=True)
    for table in ("early_events", "presences"):
        admit("ventros_relay", table, "select", EXPIRED, "(tenant_id, expires_at)")
        admit("ventros_relay", table, "delete", EXPIRED)
    admit("ventros_relay", "calls", "select", STRANGERS, "(tenant_id, contact_id, created_at)")
    admit("ventros_relay", "calls", "delete", STRANGERS)
    admit("ventros_relay", "lid_lookups", "select", "using (next_at is not null)", "(tenant_id, id, next_at)")


def downgrade() -> None:
    run("0012_events.down")
    protect("early_receipts", per_project=True)
    admit("ventros_relay", "early_receipts", "delete", EXPIRED)
    admit("ventros_relay", "early_receipts", "select", EXPIRED, "(tenant_id, expires_at)")
