"""The end of a membership."""

from uuid import UUID

from shared.core.api_keys.store import ApiKeys
from shared.core.login_sessions.store import LoginSessions
from shared.core.projects.store import Projects
from shared.core.users.store import Memberships
from shared.runtime.http import Role, endpoint
from shared.runtime.work import UnitOfWork


@endpoint("DELETE", "/api/v1/projects/{project_id}/members/{member_id}", allow=Role.ADMIN, status=204)
def remove_project_member(uow: UnitOfWork, project_id: UUID, member_id: UUID) -> None:
    """Take a member out of a project, with their keys and sessions there; the last active admin stays."""
    project, members = Projects(uow).of_caller(project_id), Memberships(uow)
    member = members.in_project(member_id, project.id)
    members.remove(member)
    members.check_admins(project.id)
    # Else they would come back to life if the person were ever added again.
    for opened in (ApiKeys(uow), LoginSessions(uow)):
        for each in opened.of_user(member.user_id, project.id):
            each.revoke(uow.now)
