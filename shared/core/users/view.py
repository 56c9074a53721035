"""The public face of people: of the one who asks, and of everybody in the tenant."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.runtime.query import CALLERS_PROJECT, Source


@dataclass(frozen=True, kw_only=True)
class ProfileView:
    """`role` is what this credential allows: a key's own role where that is the lower one."""

    user_id: UUID
    email: str
    name: str
    role: str
    tenant_id: UUID
    tenant_name: str
    project_id: UUID
    project_name: str
    timezone: str


PROFILES = Source(
    view=ProfileView,
    tables=f"""users u
        join tenants t on t.tenant_id = u.tenant_id
        join projects p on p.tenant_id = u.tenant_id
            and p.id = {CALLERS_PROJECT}""",
    alias="u",
    columns={
        "user_id": "u.id",
        "role": "current_setting('app.role', true)",
        "tenant_name": "t.name",
        "project_id": "p.id",
        "project_name": "p.name",
        "timezone": "p.timezone",
    },
    where="u.id = nullif(current_setting('app.user_id', true), '')::uuid",
    noun="user",
)


@dataclass(frozen=True, kw_only=True)
class UserView:
    id: UUID
    email: str
    name: str
    status: str
    version: int
    created_at: datetime
    updated_at: datetime


USERS = Source(
    view=UserView,
    tables="users u",
    alias="u",
    filters=("status", "email", "name"),
    sorts=("created_at", "name", "email"),
    noun="user",
)
