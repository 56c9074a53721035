"""Everything that can happen to a tenant; on the wire it is called a customer."""

from uuid import UUID

from shared.kernel.events import Event


class TenantCreated(Event, name="customer.created"):
    customer_id: UUID
