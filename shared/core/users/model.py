"""A user: a person with an account in a tenant; and their memberships, which say what they may do in a project."""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Self
from uuid import UUID

from shared.core.users.events import (
    ProjectMemberInvited,
    ProjectMemberRemoved,
    ProjectMemberRoleChanged,
    UserDeactivated,
    UserRegistered,
)
from shared.kernel.aggregate import Aggregate
from shared.kernel.ids import uuid7
from shared.kernel.values import Email, Name


class UserStatus(StrEnum):
    ACTIVE = "active"
    SUSPENDED = "suspended"


class MemberRole(StrEnum):
    """From the least to the most."""

    VIEWER = "viewer"
    AGENT = "agent"
    ADMIN = "admin"

    def exceeds(self, other: "MemberRole") -> bool:
        ladder = list(MemberRole)
        return ladder.index(self) > ladder.index(other)


@dataclass(eq=False, kw_only=True)
class User(Aggregate):
    """Without a password hash a person cannot sign in with a password."""

    aggregate_type: ClassVar[str] = "user"

    id: UUID
    tenant_id: UUID
    version: int = 1
    email: Email
    name: Name
    password_hash: str | None = None
    status: UserStatus = UserStatus.ACTIVE

    @classmethod
    def register(cls, *, tenant_id: UUID, email: Email, name: Name, password_hash: str | None) -> Self:
        user = cls(id=uuid7(), tenant_id=tenant_id, email=email, name=name, password_hash=password_hash)
        user.record(UserRegistered(user_id=user.id))
        return user

    def update(self, *, name: Name | None = None, status: UserStatus | None = None) -> None:
        """Change what is given."""
        if status == UserStatus.SUSPENDED and self.status != status:
            self.record(UserDeactivated(user_id=self.id))
        self.name, self.status = name or self.name, status or self.status


@dataclass(eq=False, kw_only=True)
class Membership(Aggregate):
    aggregate_type: ClassVar[str] = "project_member"

    id: UUID
    tenant_id: UUID
    project_id: UUID
    version: int = 1
    user_id: UUID
    role: MemberRole

    @classmethod
    def invite(cls, *, tenant_id: UUID, project_id: UUID, user_id: UUID, role: MemberRole) -> Self:
        membership = cls(id=uuid7(), tenant_id=tenant_id, project_id=project_id, user_id=user_id, role=role)
        membership.record(ProjectMemberInvited(user_id=user_id, role=role))
        return membership

    def become(self, role: MemberRole) -> None:
        if role != self.role:
            self.record(ProjectMemberRoleChanged(user_id=self.user_id, previous=self.role, role=role))
            self.role = role

    def leave(self) -> None:
        """Say that it ends; the store removes it."""
        self.record(ProjectMemberRemoved(user_id=self.user_id))
