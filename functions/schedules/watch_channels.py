from uuid import UUID

from shared.crm.channels.tasks import CheckChannel
from shared.runtime.postgres import sql
from shared.runtime.schedule import AllTenants, schedule

_DUE = """
select c.tenant_id, c.id from channels c
left join channel_health h on h.tenant_id = c.tenant_id and h.id = c.id
where c.status = 'active' and coalesce(h.checked_at < clock_timestamp() - interval '14 minutes', true)
order by h.checked_at nulls first limit 1000
"""


@schedule("*/5 * * * *")
def watch_channels(tenants: AllTenants) -> None:
    """Have every active channel looked after, each four times an hour."""
    due = tenants.find(sql(_DUE))
    tenants.schedule((UUID(tenant), CheckChannel(channel_id=UUID(channel))) for tenant, channel in due)
