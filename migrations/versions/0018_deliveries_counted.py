"""What became of deliveries is counted over all tenants."""

from migrations.support import run

revision = "0018_deliveries_counted"
down_revision = "0017_unlinking"


def upgrade() -> None:
    run("0018_deliveries_counted.up")


def downgrade() -> None:
    run("0018_deliveries_counted.down")
