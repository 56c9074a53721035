"""What an outside issuer calls one of our users, as the user has proven."""

from dataclasses import dataclass
from typing import ClassVar, Self
from uuid import UUID

from shared.kernel.aggregate import Aggregate
from shared.kernel.ids import uuid7


@dataclass(eq=False, kw_only=True)
class ExternalIdentity(Aggregate):
    aggregate_type: ClassVar[str] = "external_identity"

    id: UUID
    tenant_id: UUID
    version: int = 1
    user_id: UUID
    issuer: str
    subject: str

    @classmethod
    def link(cls, *, tenant_id: UUID, user_id: UUID, issuer: str, subject: str) -> Self:
        return cls(id=uuid7(), tenant_id=tenant_id, user_id=user_id, issuer=issuer, subject=subject)
