"""What was asked of the provider and left undone is found over all tenants."""

from migrations.support import run

revision = "0019_actions_swept"
down_revision = "0018_deliveries_counted"


def upgrade() -> None:
    run("0019_actions_swept.up")


def downgrade() -> None:
    run("0019_actions_swept.down")
