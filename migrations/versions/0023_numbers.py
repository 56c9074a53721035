"""Where WhatsApp finds a number; deliveries of another session; channels that are deleted."""

from migrations.support import admit, protect, run

revision = "0023_numbers"
down_revision = "0022_chat_actions"


def upgrade() -> None:
    run("0023_numbers.up")
    protect("number_checks", per_project=True)
    admit("ventros_relay", "number_checks", "delete", "using (expires_at < now())")
    admit("ventros_relay", "number_checks", "select", "using (expires_at < now())", "(tenant_id, expires_at)")


def downgrade() -> None:
    run("0023_numbers.down")
