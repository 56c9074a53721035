"""A new member of a project."""

from uuid import UUID

from pydantic import Field

from shared.core.projects.store import Projects
from shared.core.projects.view import MEMBERS, MemberView
from shared.core.users.model import MemberRole, Membership, User
from shared.core.users.passwords import hash_password
from shared.core.users.store import Memberships, Users
from shared.kernel.errors import Conflict
from shared.kernel.values import Email, Name
from shared.runtime.http import Role, endpoint
from shared.runtime.parsing import Body
from shared.runtime.query import One, one
from shared.runtime.work import UnitOfWork


class NewMember(Body):
    email: Email = Field(examples=["bia@example.com"])
    name: Name = Field(description="For a person who is new to the tenant.", examples=["Bia Lima"])
    role: MemberRole = Field(examples=["agent"])
    password: str | None = Field(
        None, min_length=10, max_length=200, description="For a person who is new; without one they cannot sign in yet."
    )


# A password is hashed in 64 MB of memory: two at once are enough for one instance.
@endpoint("POST", "/api/v1/projects/{project_id}/members", allow=Role.ADMIN, status=201, concurrency=2)
def add_project_member(uow: UnitOfWork, project_id: UUID, body: NewMember) -> One[MemberView]:
    """Give a person a role in a project, and an account when they have none."""
    project = Projects(uow).of_caller(project_id)
    user = _account(Users(uow), body)
    members = Memberships(uow)
    if members.of(user.id, project.id):
        raise Conflict("this person is a member already", code="already_member")
    member = Membership.invite(tenant_id=uow.tenant_id, project_id=project.id, user_id=user.id, role=body.role)
    return one(MEMBERS, members.add(member).id)


def _account(users: Users, body: NewMember) -> User:
    known = users.with_email(body.email)
    if known and body.password:
        raise Conflict("this person has an account and a password of their own; leave the password out")
    if known:
        return known
    password_hash = hash_password(body.password) if body.password else None
    return users.add(
        User.register(tenant_id=users.uow.tenant_id, email=body.email, name=body.name, password_hash=password_hash)
    )
