"""Groups are made at the provider."""

from migrations.support import run

revision = "0025_groups_made"
down_revision = "0024_messages_given"


def upgrade() -> None:
    run("0025_groups_made.up")


def downgrade() -> None:
    run("0025_groups_made.down")
