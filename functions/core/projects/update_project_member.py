"""A member's role."""

from uuid import UUID

from pydantic import Field

from shared.core.projects.store import Projects
from shared.core.projects.view import MEMBERS, MemberView
from shared.core.users.model import MemberRole
from shared.core.users.store import Memberships
from shared.runtime.http import Role, endpoint
from shared.runtime.parsing import Body
from shared.runtime.query import One, one
from shared.runtime.work import UnitOfWork


class MemberChanges(Body):
    role: MemberRole = Field(examples=["agent"])


@endpoint("PATCH", "/api/v1/projects/{project_id}/members/{member_id}", allow=Role.ADMIN)
def update_project_member(uow: UnitOfWork, project_id: UUID, member_id: UUID, body: MemberChanges) -> One[MemberView]:
    """Give a member another role; the last active admin stays one."""
    project, members = Projects(uow).of_caller(project_id), Memberships(uow)
    members.in_project(member_id, project.id).become(body.role)
    members.check_admins(project.id)
    return one(MEMBERS, member_id)
