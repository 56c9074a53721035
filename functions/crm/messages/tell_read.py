from shared.crm.message_actions import performing
from shared.crm.messages.tasks import TellRead
from shared.runtime.consume import Transactions
from shared.runtime.task import task
from shared.runtime.uses import Use


@task(TellRead, uses=(Use.ENCRYPTION, Use.CUSTOMER_HOSTS))
def tell_read(transactions: Transactions, task: TellRead) -> None:
    """Tell the customer that we have read what they wrote."""
    performing.tell_read(transactions, task.message_id)
