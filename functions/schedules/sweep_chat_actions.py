from uuid import UUID

from shared.crm.actions.sweeping import left_undone
from shared.crm.chat_actions.tasks import PerformChatAction
from shared.runtime.schedule import AllTenants, schedule


@schedule("*/5 * * * *")
def sweep_chat_actions(tenants: AllTenants) -> None:
    """Go on with what was to be done to chats and was left undone."""
    left = tenants.find(left_undone("chat_actions"))
    tenants.schedule((UUID(tenant), PerformChatAction(action_id=UUID(action))) for tenant, action in left)
