"""Indexes for the ways that are gone most."""

from migrations.support import run

revision = "0009_speed"
down_revision = "0008_dead_letters"


def upgrade() -> None:
    run("0009_speed.up")


def downgrade() -> None:
    run("0009_speed.down")
