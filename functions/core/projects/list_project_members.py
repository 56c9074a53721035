"""The members of a project."""

from uuid import UUID

from shared.core.projects.view import MEMBERS, MemberView
from shared.runtime.http import Role, endpoint
from shared.runtime.paging import PageQuery
from shared.runtime.query import CALLERS_PROJECT, Page, page


@endpoint("GET", "/api/v1/projects/{project_id}/members", allow=Role.VIEWER)
def list_project_members(project_id: UUID, query: PageQuery, filters: dict[str, str]) -> Page[MemberView]:
    """List who may do what in a project."""
    return page(MEMBERS, query, filters, exists=f"cast(:project_id as uuid) = {CALLERS_PROJECT}", project_id=project_id)
