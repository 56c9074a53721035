"""Where in a trace what leaves was written."""

from migrations.support import run

revision = "0011_watched"
down_revision = "0010_origins"


def upgrade() -> None:
    run("0011_watched.up")


def downgrade() -> None:
    run("0011_watched.down")
