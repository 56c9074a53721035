from shared.crm.media.deleting import remove_object
from shared.crm.media.tasks import RemoveMediaObject
from shared.runtime.consume import Transactions
from shared.runtime.task import task
from shared.runtime.uses import Use


@task(RemoveMediaObject, uses=(Use.STORAGE,))
def remove_media_object(transactions: Transactions, task: RemoveMediaObject) -> None:
    """Delete from the bucket what no file of the tenant has any more."""
    remove_object(transactions, task.sha256)
