"""What providers have delivered."""

from shared.crm.inbound.view import INBOUND_DELIVERIES, InboundDeliveryView
from shared.runtime.http import Role, endpoint
from shared.runtime.paging import PageQuery
from shared.runtime.query import Page, page


@endpoint("GET", "/api/v1/admin/inbound-deliveries", allow=Role.ADMIN)
def list_inbound_deliveries(query: PageQuery, filters: dict[str, str]) -> Page[InboundDeliveryView]:
    """List what providers have delivered, the latest first: what was kept, what was known, what nobody needs."""
    return page(INBOUND_DELIVERIES, query, filters)
