from shared.crm.history.leftovers import collect_left
from shared.crm.history.tasks import CollectLeftMedia
from shared.runtime.task import task
from shared.runtime.work import UnitOfWork


@task(CollectLeftMedia)
def collect_left_media(uow: UnitOfWork, task: CollectLeftMedia) -> None:
    """Have files fetched that earlier imports of the same time left, when a later one wants them."""
    collect_left(uow, task)
