"""A provider that repeats itself is found out, one that is away is waited for, and what failed is tried again."""

from migrations.support import run

revision = "0021_history_patience"
down_revision = "0020_media_left"


def upgrade() -> None:
    run("0021_history_patience.up")


def downgrade() -> None:
    run("0021_history_patience.down")
