from shared.crm.messages.sending import reconcile
from shared.crm.messages.tasks import ReconcileMessage
from shared.runtime.consume import Transactions
from shared.runtime.task import task
from shared.runtime.uses import Use


@task(ReconcileMessage, uses=(Use.ENCRYPTION, Use.CUSTOMER_HOSTS, Use.LINKS))
def reconcile_message(transactions: Transactions, task: ReconcileMessage) -> None:
    """Find out from the provider whether a message with an unknown outcome was sent."""
    reconcile(transactions, task.message_id, task.attempt)
