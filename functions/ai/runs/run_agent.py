from shared.ai.runs.answering import answer_group
from shared.crm.message_groups.events import MessageGroupCompleted
from shared.runtime.consume import Transactions, consumer
from shared.runtime.uses import Use


@consumer(MessageGroupCompleted, ack_deadline=120, memory=1024, warm=True, uses=(Use.GEMINI,))
def run_agent(transactions: Transactions, event: MessageGroupCompleted) -> None:
    """Let the channel's bot answer a burst of messages."""
    answer_group(transactions, event.group_id)
