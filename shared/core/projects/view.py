"""The public face of a project and of its members."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.runtime.query import CALLERS_PROJECT, Source


@dataclass(frozen=True, kw_only=True)
class ProjectView:
    id: UUID
    name: str
    timezone: str
    session_timeout_minutes: int
    media_kept_days: int
    version: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, kw_only=True)
class MemberView:
    """`id` is the membership's; `status` the person's own, active or suspended."""

    id: UUID
    project_id: UUID
    user_id: UUID
    name: str
    email: str
    role: str
    status: str
    version: int
    created_at: datetime


PROJECTS = Source(
    view=ProjectView,
    tables="projects p",
    alias="p",
    where=f"p.id = {CALLERS_PROJECT}",
    noun="project",
)

MEMBERS = Source(
    view=MemberView,
    tables="memberships m join users u on u.tenant_id = m.tenant_id and u.id = m.user_id",
    alias="m",
    columns={"name": "u.name", "email": "u.email", "status": "u.status"},
    where=f"m.project_id = {CALLERS_PROJECT}",
    filters=("role", "status", "email"),
    sorts=("created_at", "name", "email"),
    noun="project",
)
