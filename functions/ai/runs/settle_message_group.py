from shared.ai.runs.settling import settle
from shared.crm.message_groups.tasks import SettleMessageGroup
from shared.runtime.task import task
from shared.runtime.work import UnitOfWork


@task(SettleMessageGroup)
def settle_message_group(uow: UnitOfWork, task: SettleMessageGroup) -> None:
    """End a burst that was never answered, and call a person."""
    settle(uow, task.group_id)
