"""Everything that can happen to a person with an account, and to their place in a project."""

from uuid import UUID

from shared.kernel.events import Event


class UserRegistered(Event, name="user.registered"):
    user_id: UUID


class ProjectMemberInvited(Event, name="project_member.invited"):
    user_id: UUID
    role: str
