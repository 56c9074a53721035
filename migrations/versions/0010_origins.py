"""Whose web pages may call the API from a browser."""

from migrations.support import admit, protect, run

revision = "0010_origins"
down_revision = "0009_speed"


def upgrade() -> None:
    run("0010_origins.up")
    protect("allowed_origins", grants="select")
    admit("ventros_resolver", "allowed_origins", "select", "using (true)", "(origin)")
    for command, rule in (("select", "using"), ("insert", "with check"), ("delete", "using")):
        admit("ventros_owner", "allowed_origins", command, f"{rule} (true)")


def downgrade() -> None:
    run("0010_origins.down")
