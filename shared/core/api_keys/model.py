"""An API key: lets a program act for a user in one project, with the user's role or a lower one."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Self
from uuid import UUID

from shared.core.api_keys.events import ApiKeyCreated
from shared.core.users.model import MemberRole
from shared.kernel.aggregate import Aggregate
from shared.kernel.errors import Forbidden
from shared.kernel.ids import uuid7
from shared.kernel.values import Name

HINT = 4  # characters


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

    @classmethod
    def create(cls, owner: "Owner", *, name: Name, role: MemberRole | None, secret: str, secret_hash: str) -> Self:
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
        )
        key.record(ApiKeyCreated(user_id=key.user_id, key_id=key.id, role=key.role))
        return key


@dataclass(frozen=True, kw_only=True)
class Owner:
    """For whom a key acts, and how much that person may do."""

    tenant_id: UUID
    project_id: UUID
    user_id: UUID
    role: MemberRole
