from datetime import UTC, datetime
from uuid import UUID

from shared.crm.history.tasks import ReconcileHistory
from shared.runtime.postgres import sql
from shared.runtime.schedule import AllTenants, schedule

_CHANNELS = "select tenant_id, id from channels where status = 'active' and type = 'waha' order by id"


@schedule("23 4 * * *")
def reconcile_channels(tenants: AllTenants) -> None:
    """Have every channel compared with what its provider has."""
    night = datetime.now(UTC).date().isoformat()
    for tenant_id, channel_id in tenants.find(sql(_CHANNELS)):
        task = ReconcileHistory(channel_id=UUID(channel_id), night=night)
        tenants.schedule([(UUID(tenant_id), task)])
