from shared.crm.media.removing import remove_old
from shared.crm.media.tasks import RemoveOldMedia
from shared.runtime.task import task
from shared.runtime.work import UnitOfWork


@task(RemoveOldMedia)
def remove_old_media(uow: UnitOfWork, task: RemoveOldMedia) -> None:
    """Forget a project's files whose time is over."""
    remove_old(uow, task.project_id)
