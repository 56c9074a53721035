from uuid import UUID

from shared.crm.message_groups.tasks import CloseMessageGroup, SettleMessageGroup
from shared.runtime.postgres import sql
from shared.runtime.schedule import AllTenants, schedule

_OVERDUE = """
select tenant_id, id, generation from message_groups
where status = 'pending' and deadline_at < clock_timestamp() - interval '30 seconds' order by deadline_at limit 500
"""
_UNANSWERED = """
select tenant_id, id from message_groups
where status <> 'pending' and outcome is null and closed_at < clock_timestamp() - interval '15 minutes'
order by closed_at limit 500
"""


@schedule("* * * * *")
def sweep_message_groups(tenants: AllTenants) -> None:
    """Close bursts whose timer was lost, and end those that nobody answered."""
    overdue, unanswered = tenants.find(sql(_OVERDUE)), tenants.find(sql(_UNANSWERED))
    tenants.schedule((UUID(tenant), _close(group, generation)) for tenant, group, generation in overdue)
    tenants.schedule((UUID(tenant), SettleMessageGroup(group_id=UUID(group))) for tenant, group in unanswered)


def _close(group: str | None, generation: str | None) -> CloseMessageGroup:
    return CloseMessageGroup(group_id=UUID(group), generation=int(generation or 0))
