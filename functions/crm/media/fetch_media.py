from shared.crm.media.fetching import fetch
from shared.crm.media.tasks import FetchMedia
from shared.runtime.consume import Transactions
from shared.runtime.task import task
from shared.runtime.uses import Use


@task(FetchMedia, timeout=300, memory=1024, uses=(Use.ENCRYPTION, Use.CUSTOMER_HOSTS, Use.STORAGE))
def fetch_media(transactions: Transactions, task: FetchMedia) -> None:
    """Bring the file of a message, or an uploaded one, into our own store."""
    fetch(transactions, task.media_id)
