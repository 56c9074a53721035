from shared.crm.history.lanes import list_chats
from shared.crm.history.tasks import ListHistory
from shared.runtime.consume import Transactions
from shared.runtime.task import task
from shared.runtime.uses import Use


@task(ListHistory, timeout=120, uses=(Use.ENCRYPTION, Use.CUSTOMER_HOSTS))
def list_history(transactions: Transactions, task: ListHistory) -> None:
    """Read on in the list of chats whose history is wanted."""
    list_chats(transactions, task)
