from shared.ai.runs.answering import answer_group
from shared.crm.message_groups.events import MessageGroupCompleted
from shared.runtime.consume import Transactions, consumer


@consumer(MessageGroupCompleted, ack_deadline=120)
def run_agent(transactions: Transactions, event: MessageGroupCompleted) -> None:
    """Let the channel's bot answer a burst of messages."""
    answer_group(transactions, event.group_id)
