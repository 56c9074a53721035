"""Changing, suspending and readmitting a person."""

from uuid import UUID

from pydantic import Field

from shared.core.login_sessions.store import LoginSessions
from shared.core.users.model import UserStatus
from shared.core.users.store import Memberships, Users
from shared.core.users.view import USERS, UserView
from shared.kernel.values import Name
from shared.runtime.http import Role, endpoint
from shared.runtime.parsing import Body, unsent
from shared.runtime.query import One, one
from shared.runtime.work import UnitOfWork


class UserChanges(Body):
    name: Name = Field(default_factory=unsent, examples=["Bia Lima"])
    status: UserStatus = Field(default_factory=unsent, description="The suspended cannot come in.")


@endpoint("PATCH", "/api/v1/users/{user_id}", allow=Role.ADMIN)
def update_user(uow: UnitOfWork, user_id: UUID, body: UserChanges) -> One[UserView]:
    """Change a person's name, or suspend or readmit them; a suspended person's sessions end at once."""
    members = Memberships(uow)
    led = members.led_by(user_id) if body.status == UserStatus.SUSPENDED else []
    members.hold_admins(*led)
    user = Users(uow).get(user_id, lock=True)
    user.update(**body.given())
    for project_id in led:
        members.check_admins(project_id)
    if user.status == UserStatus.SUSPENDED:
        for session in LoginSessions(uow).of_user(user_id):
            session.revoke(uow.now)
    return one(USERS, user_id)
