from shared.crm.messages.events import MessageQueued
from shared.crm.messages.sending import send
from shared.runtime.consume import Transactions, consumer


@consumer(MessageQueued, ordered=True)
def send_message(transactions: Transactions, event: MessageQueued) -> None:
    """Send a queued message through its channel, once."""
    send(transactions, event.message_id)
