from shared.crm.messages.events import MessageQueued
from shared.crm.messages.sending import send
from shared.runtime.consume import Transactions, consumer
from shared.runtime.uses import Use


@consumer(MessageQueued, ordered=True, warm=True, uses=(Use.ENCRYPTION, Use.CUSTOMER_HOSTS, Use.LINKS))
def send_message(transactions: Transactions, event: MessageQueued) -> None:
    """Send a queued message through its channel, once."""
    send(transactions, event.message_id)
