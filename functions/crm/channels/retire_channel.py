from shared.crm.channels.control import retire
from shared.crm.channels.tasks import RetireChannel
from shared.runtime.consume import Transactions
from shared.runtime.task import task
from shared.runtime.uses import Use


@task(RetireChannel, uses=(Use.ENCRYPTION, Use.CUSTOMER_HOSTS))
def retire_channel(transactions: Transactions, task: RetireChannel) -> None:
    """Have a deleted channel's provider deliver here no more, and disconnect its session."""
    retire(transactions, task.channel_id)
