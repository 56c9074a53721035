from shared.crm.messages.sending import resume
from shared.crm.messages.tasks import ResumeMessage
from shared.runtime.consume import Transactions
from shared.runtime.task import task
from shared.runtime.uses import Use


@task(ResumeMessage, uses=(Use.ENCRYPTION, Use.CUSTOMER_HOSTS, Use.LINKS))
def resume_message(transactions: Transactions, task: ResumeMessage) -> None:
    """Go on with a message that was left queued or half sent."""
    resume(transactions, task.message_id)
