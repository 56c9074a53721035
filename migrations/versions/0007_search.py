"""Words of messages to find them by, and deleting and retrying messages."""

from migrations.support import protect, run

revision = "0007_search"
down_revision = "0006_contacts"


def upgrade() -> None:
    run("0007_search.up")
    protect("message_words", per_project=True, grants="select, insert, delete")


def downgrade() -> None:
    run("0007_search.down")
