from shared.crm.media.fetching import fetch
from shared.crm.media.tasks import FetchImportedMedia
from shared.runtime.consume import Transactions
from shared.runtime.task import task
from shared.runtime.uses import Use


@task(FetchImportedMedia, timeout=300, memory=1024, uses=(Use.ENCRYPTION, Use.CUSTOMER_HOSTS, Use.STORAGE))
def fetch_imported_media(transactions: Transactions, task: FetchImportedMedia) -> None:
    """Bring the file of an old message into our own store, behind those of today."""
    fetch(transactions, task.media_id)
