"""What every migration uses: run its SQL file, and put a table under row-level security."""

from pathlib import Path
from typing import Any

from alembic import op

SQL = Path(__file__).parent / "sql"
TENANT = "tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid"
PROJECT = (
    "(nullif(current_setting('app.project_id', true), '') is null"
    " or project_id = nullif(current_setting('app.project_id', true), '')::uuid)"
)


def run(name: str) -> None:
    """Run one file of plain SQL, which may hold many statements."""
    connection: Any = op.get_bind().connection.dbapi_connection
    connection.execute_simple((SQL / f"{name}.sql").read_text())


def protect(table: str, *, per_project: bool = False, grants: str = "select, insert, update, delete") -> None:
    """Let the application see only the tenant's rows and, when a caller acts in one project, only that project's."""
    rule = f"{TENANT} and {PROJECT}" if per_project else TENANT
    op.execute(f"alter table {table} enable row level security")
    op.execute(f"alter table {table} force row level security")
    op.execute(f"create policy tenant on {table} for all to ventros_app using ({rule}) with check ({rule})")
    op.execute(f"grant {grants} on {table} to ventros_app")


def admit(role: str, table: str, command: str, rule: str, columns: str = "") -> None:
    """Let a role that serves all tenants run one command on one table, or on some of its columns."""
    op.execute(f"create policy {role}_{command} on {table} for {command} to {role} {rule}")
    op.execute(f"grant {command} {columns} on {table} to {role}")
