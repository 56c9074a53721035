from shared.crm.message_actions.performing import perform
from shared.crm.message_actions.tasks import PerformMessageAction
from shared.runtime.consume import Transactions
from shared.runtime.task import task
from shared.runtime.uses import Use


@task(PerformMessageAction, uses=(Use.ENCRYPTION, Use.CUSTOMER_HOSTS))
def perform_message_action(transactions: Transactions, task: PerformMessageAction) -> None:
    """Have the provider change a message, take it back, or set our emoji to it."""
    perform(transactions, task.action_id)
