"""Whoever linked an outside identity may take it away again."""

from alembic import op

revision = "0017_unlinking"
down_revision = "0016_channel_health"


def upgrade() -> None:
    op.execute("grant delete on external_identities to ventros_app")


def downgrade() -> None:
    op.execute("revoke delete on external_identities from ventros_app")
