from shared.crm.channels.control import start
from shared.crm.channels.tasks import StartChannel
from shared.runtime.consume import Transactions
from shared.runtime.task import task
from shared.runtime.uses import Use


@task(StartChannel, uses=(Use.ENCRYPTION, Use.CUSTOMER_HOSTS))
def start_channel(transactions: Transactions, task: StartChannel) -> None:
    """Have a channel's provider connect it."""
    start(transactions, task.channel_id)
