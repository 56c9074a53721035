"""${message}"""

from migrations.support import protect, run

revision = "${up_revision}"
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    run("${up_revision}.up")


def downgrade() -> None:
    run("${up_revision}.down")
