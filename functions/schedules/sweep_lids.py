from uuid import UUID

from shared.crm.contacts.tasks import LookUpLid
from shared.runtime.postgres import sql
from shared.runtime.schedule import AllTenants, schedule

_DUE = """
select tenant_id, id from lid_lookups where next_at < clock_timestamp() order by next_at limit 500
"""


@schedule("* * * * *")
def sweep_lids(tenants: AllTenants) -> None:
    """Have the phones asked for that stand behind hidden ids."""
    due = tenants.find(sql(_DUE))
    tenants.schedule((UUID(tenant), LookUpLid(lookup_id=UUID(lookup))) for tenant, lookup in due)
