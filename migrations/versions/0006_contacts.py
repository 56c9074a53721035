"""What a contact is worth, how a session ended, and orders and searches that are quick."""

from migrations.support import run

revision = "0006_contacts"
down_revision = "0005_sign_in"


def upgrade() -> None:
    run("0006_contacts.up")


def downgrade() -> None:
    run("0006_contacts.down")
