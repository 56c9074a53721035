from uuid import UUID

from shared.crm.messages.tasks import ResumeMessage
from shared.runtime.postgres import sql
from shared.runtime.schedule import AllTenants, schedule

_LEFT = """
select tenant_id, id from messages
where (status = 'sending' and claimed_at < clock_timestamp() - interval '90 seconds')
   or (status = 'queued' and greatest(updated_at, not_before) < clock_timestamp() - interval '2 minutes')
order by updated_at limit 500
"""


@schedule("* * * * *")
def sweep_messages(tenants: AllTenants) -> None:
    """Go on with messages that were left queued or half sent."""
    left = tenants.find(sql(_LEFT))
    tenants.schedule((UUID(tenant), ResumeMessage(message_id=UUID(message))) for tenant, message in left)
