from shared.crm.history.tasks import ReviveHistory
from shared.crm.history.use_cases import revive
from shared.runtime.task import task
from shared.runtime.work import UnitOfWork


@task(ReviveHistory)
def revive_history(uow: UnitOfWork, task: ReviveHistory) -> None:
    """Set a run through a channel's history going again that is due, or that nobody works on any more."""
    revive(uow, task.run_id)
