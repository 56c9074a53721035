from shared.crm.message_actions import performing
from shared.crm.message_actions.tasks import ShowTyping
from shared.runtime.consume import Transactions
from shared.runtime.task import task
from shared.runtime.uses import Use


@task(ShowTyping, uses=(Use.ENCRYPTION, Use.CUSTOMER_HOSTS))
def show_typing(transactions: Transactions, task: ShowTyping) -> None:
    """Show in a chat that somebody types, or that nobody does any more."""
    performing.show_typing(transactions, task.chat_id, task.until, on=task.on)
