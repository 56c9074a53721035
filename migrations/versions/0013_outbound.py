"""Everything that can be sent."""

from migrations.support import run

revision = "0013_outbound"
down_revision = "0012_events"


def upgrade() -> None:
    run("0013_outbound.up")


def downgrade() -> None:
    run("0013_outbound.down")
