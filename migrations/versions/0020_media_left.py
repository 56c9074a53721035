"""Messages whose files were left with the provider are found by their channel and time."""

from migrations.support import run

revision = "0020_media_left"
down_revision = "0019_actions_swept"


def upgrade() -> None:
    run("0020_media_left.up")


def downgrade() -> None:
    run("0020_media_left.down")
