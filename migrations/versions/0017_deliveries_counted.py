"""What became of deliveries is counted over all tenants."""

from migrations.support import run

revision = "0017_deliveries_counted"
down_revision = "0016_channel_health"


def upgrade() -> None:
    run("0017_deliveries_counted.up")


def downgrade() -> None:
    run("0017_deliveries_counted.down")
