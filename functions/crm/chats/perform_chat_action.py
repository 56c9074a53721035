from shared.crm.chat_actions.performing import perform
from shared.crm.chat_actions.tasks import PerformChatAction
from shared.runtime.consume import Transactions
from shared.runtime.task import task
from shared.runtime.uses import Use


@task(PerformChatAction, uses=(Use.ENCRYPTION, Use.CUSTOMER_HOSTS))
def perform_chat_action(transactions: Transactions, task: PerformChatAction) -> None:
    """Have the provider put a chat away, label it, make a group, or change one and who is in it."""
    perform(transactions, task.action_id)
