"""The public face of the person who asks."""

from dataclasses import dataclass
from uuid import UUID

from shared.runtime.query import Source


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
    tables="""users u
        join tenants t on t.tenant_id = u.tenant_id
        join projects p on p.tenant_id = u.tenant_id
            and p.id = nullif(current_setting('app.project_id', true), '')::uuid""",
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
