from shared.crm.message_groups.tasks import CloseMessageGroup
from shared.crm.message_groups.use_cases import flush
from shared.runtime.task import task
from shared.runtime.work import UnitOfWork


@task(CloseMessageGroup)
def close_message_group(uow: UnitOfWork, task: CloseMessageGroup) -> None:
    """Close a burst whose own timer was lost."""
    flush(uow, task.group_id, task.generation)
