from uuid import UUID

from shared.crm.chat_actions.tasks import PerformChatAction
from shared.runtime.postgres import sql
from shared.runtime.schedule import AllTenants, schedule

# Whoever is at one ends it within ten minutes of its being asked for.
_LEFT = """
select tenant_id, id from chat_actions
where status in ('queued', 'sending')
  and requested_at < clock_timestamp() - interval '15 minutes'
  and (claimed_at is null or claimed_at < clock_timestamp() - interval '90 seconds')
order by requested_at limit 500
"""


@schedule("*/5 * * * *")
def sweep_chat_actions(tenants: AllTenants) -> None:
    """Go on with what was to be done to chats and was left undone."""
    left = tenants.find(sql(_LEFT))
    tenants.schedule((UUID(tenant), PerformChatAction(action_id=UUID(action))) for tenant, action in left)
