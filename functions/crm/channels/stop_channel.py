from shared.crm.channels.control import stop
from shared.crm.channels.tasks import StopChannel
from shared.runtime.consume import Transactions
from shared.runtime.task import task
from shared.runtime.uses import Use


@task(StopChannel, uses=(Use.ENCRYPTION, Use.CUSTOMER_HOSTS))
def stop_channel(transactions: Transactions, task: StopChannel) -> None:
    """Have a channel's provider disconnect it."""
    stop(transactions, task.channel_id, logout=task.logout)
