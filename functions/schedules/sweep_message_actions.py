from uuid import UUID

from shared.crm.actions.sweeping import left_undone
from shared.crm.message_actions.tasks import PerformMessageAction
from shared.runtime.schedule import AllTenants, schedule


@schedule("*/5 * * * *")
def sweep_message_actions(tenants: AllTenants) -> None:
    """Go on with changes, recalls and reactions that were left undone."""
    left = tenants.find(left_undone("message_actions"))
    tenants.schedule((UUID(tenant), PerformMessageAction(action_id=UUID(action))) for tenant, action in left)
