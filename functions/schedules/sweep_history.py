from uuid import UUID

from shared.crm.history.tasks import ReviveHistory
from shared.runtime.postgres import sql
from shared.runtime.schedule import AllTenants, schedule

_LOST = """
select tenant_id, id from history_runs
where status = 'running' and updated_at < clock_timestamp() - interval '10 minutes'
    or resumes_at < clock_timestamp() - interval '10 minutes'
order by updated_at limit 1000
"""


@schedule("*/5 * * * *")
def sweep_history(tenants: AllTenants) -> None:
    """Set runs through a history going again whose steps, or whose timers, were lost."""
    found = tenants.find(sql(_LOST))
    tenants.schedule((UUID(tenant), ReviveHistory(run_id=UUID(run))) for tenant, run in found)
