"""A tenant: the organisation that everything else belongs to."""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Self
from uuid import UUID

from shared.core.tenants.events import TenantCreated
from shared.kernel.aggregate import Aggregate
from shared.kernel.ids import uuid7
from shared.kernel.values import Name


class TenantStatus(StrEnum):
    """Nobody of a suspended tenant can come in."""

    ACTIVE = "active"
    SUSPENDED = "suspended"


@dataclass(eq=False, kw_only=True)
class Tenant(Aggregate):
    aggregate_type: ClassVar[str] = "tenant"

    id: UUID
    tenant_id: UUID
    version: int = 1
    name: Name
    status: TenantStatus = TenantStatus.ACTIVE

    @classmethod
    def create(cls, name: Name, id: UUID | None = None) -> Self:
        tenant_id = id or uuid7()
        tenant = cls(id=tenant_id, tenant_id=tenant_id, name=name)
        tenant.record(TenantCreated(customer_id=tenant_id))
        return tenant
