from shared.crm.message_groups.tasks import FlushMessageGroup
from shared.crm.message_groups.use_cases import flush
from shared.runtime.task import task
from shared.runtime.work import UnitOfWork


@task(FlushMessageGroup, warm=True)
def flush_message_group(uow: UnitOfWork, task: FlushMessageGroup) -> None:
    """Close a burst that has been quiet for long enough, or wait anew."""
    flush(uow, task.group_id, task.generation)
