from shared.crm.channels.control import configure
from shared.crm.channels.tasks import ConfigureChannel
from shared.runtime.consume import Transactions
from shared.runtime.task import task
from shared.runtime.uses import Use


@task(ConfigureChannel, uses=(Use.ENCRYPTION, Use.CUSTOMER_HOSTS))
def configure_channel(transactions: Transactions, task: ConfigureChannel) -> None:
    """Tell a channel's provider where to deliver, and with which key to sign."""
    configure(transactions, task.channel_id)
