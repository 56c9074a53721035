from shared.crm.channels.tasks import CheckChannel
from shared.crm.channels.watching import check
from shared.runtime.consume import Transactions
from shared.runtime.task import task
from shared.runtime.uses import Use


@task(CheckChannel, uses=(Use.ENCRYPTION, Use.CUSTOMER_HOSTS))
def check_channel(transactions: Transactions, task: CheckChannel) -> None:
    """Ask a channel's provider how it is, and notice when it has gone silent."""
    check(transactions, task.channel_id)
