"""One project."""

from uuid import UUID

from shared.core.projects.view import PROJECTS, ProjectView
from shared.runtime.http import Role, endpoint
from shared.runtime.query import One, one


@endpoint("GET", "/api/v1/projects/{project_id}", allow=Role.VIEWER)
def get_project(project_id: UUID) -> One[ProjectView]:
    """Show the project you act in."""
    return one(PROJECTS, project_id)
