from uuid import UUID

from shared.crm.scheduled_messages.tasks import SendScheduledMessage
from shared.runtime.postgres import sql
from shared.runtime.schedule import AllTenants, schedule

_LEFT = """
select tenant_id, id from scheduled_messages
where status = 'scheduled' and send_at < clock_timestamp() - interval '1 minute'
order by send_at limit 500
"""


@schedule("* * * * *")
def sweep_scheduled_messages(tenants: AllTenants) -> None:
    """Send scheduled messages whose timer was lost."""
    left = tenants.find(sql(_LEFT))
    tenants.schedule(
        (UUID(tenant), SendScheduledMessage(scheduled_message_id=UUID(planned))) for tenant, planned in left
    )
