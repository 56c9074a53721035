"""Working off a provider's delivery once more."""

from uuid import UUID

from shared.crm.inbound.again import work_again
from shared.crm.inbound.view import INBOUND_DELIVERIES, InboundDeliveryView
from shared.runtime.http import Role, endpoint
from shared.runtime.query import One, one
from shared.runtime.work import UnitOfWork


@endpoint("POST", "/api/v1/admin/inbound-deliveries/{delivery_id}/reprocess", allow=Role.ADMIN)
def reprocess_inbound_delivery(uow: UnitOfWork, delivery_id: UUID) -> One[InboundDeliveryView]:
    """Work off a delivery again; what was taken in before stays as it is."""
    work_again(uow, delivery_id)
    return one(INBOUND_DELIVERIES, delivery_id)
