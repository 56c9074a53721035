from shared.crm.scheduled_messages.tasks import SendScheduledMessage
from shared.crm.scheduled_messages.use_cases import send_due
from shared.runtime.task import task
from shared.runtime.work import UnitOfWork


@task(SendScheduledMessage)
def send_scheduled_message(uow: UnitOfWork, task: SendScheduledMessage) -> None:
    """Make a message of what was scheduled, when its time has come."""
    send_due(uow, task.scheduled_message_id)
