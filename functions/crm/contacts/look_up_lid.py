from shared.crm.contacts.tasks import LookUpLid
from shared.crm.inbound.healing import look_up
from shared.runtime.consume import Transactions
from shared.runtime.task import task
from shared.runtime.uses import Use


@task(LookUpLid, uses=(Use.ENCRYPTION, Use.CUSTOMER_HOSTS))
def look_up_lid(transactions: Transactions, task: LookUpLid) -> None:
    """Ask the provider for the phone behind a hidden id, and make one contact of what was two."""
    look_up(transactions, task.lookup_id)
