from uuid import UUID

from shared.crm.sessions.tasks import ExpireSession
from shared.runtime.postgres import sql
from shared.runtime.schedule import AllTenants, schedule

_SILENT = """
select tenant_id, id from sessions
where status = 'open' and last_message_at < clock_timestamp() - make_interval(mins => timeout_minutes)
order by last_message_at limit 1000
"""


@schedule("* * * * *")
def sweep_sessions(tenants: AllTenants) -> None:
    """Close sessions that have been silent for longer than their timeout."""
    silent = tenants.find(sql(_SILENT))
    tenants.schedule((UUID(tenant), ExpireSession(session_id=UUID(session))) for tenant, session in silent)
