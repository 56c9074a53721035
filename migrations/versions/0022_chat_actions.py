"""Chats are noted about, and changed at the provider."""

from migrations.support import protect, run

revision = "0022_chat_actions"
down_revision = "0021_history_patience"


def upgrade() -> None:
    run("0022_chat_actions.up")
    protect("chat_actions", per_project=True)


def downgrade() -> None:
    run("0022_chat_actions.down")
