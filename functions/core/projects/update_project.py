"""Changing a project."""

from uuid import UUID

from pydantic import Field

from shared.core.projects.model import LONGEST_KEPT, LONGEST_TIMEOUT
from shared.core.projects.store import Projects
from shared.core.projects.view import PROJECTS, ProjectView
from shared.kernel.values import Name, Timezone
from shared.runtime.http import Role, endpoint
from shared.runtime.parsing import Body, unsent
from shared.runtime.query import One, one
from shared.runtime.work import UnitOfWork


class ProjectChanges(Body):
    name: Name = Field(default_factory=unsent, examples=["Vendas"])
    timezone: Timezone = Field(
        default_factory=unsent, description="An IANA name; it defines day and month.", examples=["America/Bahia"]
    )
    session_timeout_minutes: int = Field(default_factory=unsent, ge=1, le=LONGEST_TIMEOUT, examples=[1440])
    media_kept_days: int = Field(
        default_factory=unsent,
        ge=1,
        le=LONGEST_KEPT,
        description="Files of messages older than so many days are removed.",
        examples=[365],
    )


@endpoint("PATCH", "/api/v1/projects/{project_id}", allow=Role.ADMIN)
def update_project(uow: UnitOfWork, project_id: UUID, body: ProjectChanges) -> One[ProjectView]:
    """Change a project's name, time zone, session timeout or how long it keeps files."""
    Projects(uow).of_caller(project_id).update(**body.given())
    return one(PROJECTS, project_id)
