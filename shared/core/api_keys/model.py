"""An API key: lets a program act for a user in one project, with the user's role or a lower one."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Self
from uuid import UUID

from shared.core.api_keys.events import ApiKeyCreated, ApiKeyRevoked
from shared.core.users.model import MemberRole
from shared.kernel.aggregate import Aggregate
from shared.kernel.errors import Forbidden
from shared.kernel.ids import uuid7
from shared.kernel.values import Name

HINT = 4  # characters


class Scope(StrEnum):
    """The part of the API a key may be bound to; there is none for making keys and signing in elsewhere."""

    CRM_READ = "crm:read"
    CRM_WRITE = "crm:write"
    PROJECTS_READ = "projects:read"
    PROJECTS_WRITE = "projects:write"
    USERS_READ = "users:read"
    USERS_WRITE = "users:write"
    ADMIN_READ = "admin:read"
    ADMIN_WRITE = "admin:write"
    AUTH_READ = "auth:read"


@dataclass(eq=False, kw_only=True)
class ApiKey(Aggregate):
    """Only the secret's hash is kept, and its last characters to tell one key from another."""

    aggregate_type: ClassVar[str] = "api_key"

    id: UUID
    tenant_id: UUID
    project_id: UUID
    version: int = 1
    user_id: UUID
    name: Name
    role: MemberRole
    secret_hash: str
    hint: str
    revoked_at: datetime | None = None
    scopes: list[Scope] | None = None
    expires_at: datetime | None = None
    last_used_at: datetime | None = None

    @classmethod
    def create(
        cls,
        owner: "Owner",
        *,
        name: Name,
        role: MemberRole | None,
        secret: str,
        secret_hash: str,
        bounds: "Bounds | None" = None,
    ) -> Self:
        """A key with the owner's role, or a lower one."""
        role = role or owner.role
        if role.exceeds(owner.role):
            raise Forbidden(f"your role is {owner.role}; a key of yours cannot have the role {role}")
        key = cls(
            id=uuid7(),
            tenant_id=owner.tenant_id,
            project_id=owner.project_id,
            user_id=owner.user_id,
            name=name,
            role=role,
            secret_hash=secret_hash,
            hint=secret[-HINT:],
            scopes=bounds.scopes if bounds else None,
            expires_at=bounds.expires_at if bounds else None,
        )
        key.record(ApiKeyCreated(user_id=key.user_id, key_id=key.id, role=key.role))
        return key

    def revoke(self, now: datetime) -> None:
        if self.revoked_at is None:
            self.revoked_at = now
            self.record(ApiKeyRevoked(user_id=self.user_id, key_id=self.id))


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """What a key may be bound to: parts of the API, and a time."""

    scopes: list[Scope] | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Owner:
    """For whom a key acts, and how much that person may do."""

    tenant_id: UUID
    project_id: UUID
    user_id: UUID
    role: MemberRole
