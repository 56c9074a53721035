"""Files of messages, what lies in the bucket for them, and how long a project keeps them."""

from alembic import op

from migrations.support import admit, protect, run

revision = "0014_media"
down_revision = "0013_outbound"

_FOUND_BY = {
    "media_files": ("using (true)", "tenant_id, id, project_id, priority, status, due_at, created_at, expires_at"),
    "media_objects": ("using (status = 'removing')", "tenant_id, sha256, status, removing_since"),
    "projects": ("using (true)", "tenant_id, id, media_kept_days"),
}


def upgrade() -> None:
    run("0014_media.up")
    protect("media_files", per_project=True)
    protect("media_objects")
    for table, (rule, columns) in _FOUND_BY.items():
        admit("ventros_relay", table, "select", rule, f"({columns})")


def downgrade() -> None:
    op.execute("drop policy ventros_relay_select on projects")
    op.execute(f"revoke select ({_FOUND_BY['projects'][1]}) on projects from ventros_relay")  # noqa: S608 - our own words
    run("0014_media.down")
