"""Everything that can happen to a person with an account, and to their place in a project."""

from uuid import UUID

from shared.kernel.events import Event


class UserRegistered(Event, name="user.registered"):
    user_id: UUID


class ProjectMemberInvited(Event, name="project_member.invited"):
    user_id: UUID
    role: str


class ProjectMemberRoleChanged(Event, name="project_member.role_changed"):
    user_id: UUID
    previous: str
    role: str


class ProjectMemberRemoved(Event, name="project_member.removed"):
    user_id: UUID


class UserLoggedIn(Event, name="user.logged_in"):
    user_id: UUID
    session_id: UUID


class UserDeactivated(Event, name="user.deactivated"):
    user_id: UUID
