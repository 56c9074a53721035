"""Whoever linked an outside identity may take it away again."""

from migrations.support import run

revision = "0017_unlinking"
down_revision = "0016_channel_health"


def upgrade() -> None:
    run("0017_unlinking.up")


def downgrade() -> None:
    run("0017_unlinking.down")
