from shared.crm.history.lanes import read_on
from shared.crm.history.tasks import ReadHistory
from shared.runtime.consume import Transactions
from shared.runtime.task import task
from shared.runtime.uses import Use


@task(ReadHistory, timeout=120, concurrency=4, uses=(Use.ENCRYPTION, Use.CUSTOMER_HOSTS))
def read_history(transactions: Transactions, task: ReadHistory) -> None:
    """Read on in some chats of a channel's history, and write down what they hold."""
    read_on(transactions, task)
