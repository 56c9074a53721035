"""Old messages may come from whoever calls the API."""

from migrations.support import run

revision = "0024_messages_given"
down_revision = "0023_numbers"


def upgrade() -> None:
    run("0024_messages_given.up")


def downgrade() -> None:
    run("0024_messages_given.down")
