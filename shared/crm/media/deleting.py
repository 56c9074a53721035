"""Deleting from the bucket what nothing refers to any more."""

from shared.cloud.storage import StorageAway
from shared.crm.media.bucket import bucket
from shared.crm.media.names import object_name
from shared.runtime.consume import Busy, Transactions
from shared.runtime.postgres import sql
from shared.runtime.retry import retried

_REMOVING = """
select from media_objects where tenant_id = :tenant_id and sha256 = :sha256 and status = 'removing'
"""
_REMOVED = "delete from media_objects where tenant_id = :tenant_id and sha256 = :sha256 and status = 'removing'"


def remove_object(transactions: Transactions, sha256: str) -> None:
    """Delete a content that is marked for it. While it is marked nothing can begin to refer to it."""
    with transactions.begin() as uow:
        if not uow.run(sql(_REMOVING, tenant_id=uow.tenant_id, sha256=sha256))[0]:
            return
    try:
        bucket().delete(object_name(transactions.tenant_id, sha256))
    except StorageAway as away:
        raise Busy("the bucket cannot be reached") from away
    retried(lambda: _removed(transactions, sha256))


def _removed(transactions: Transactions, sha256: str) -> None:
    with transactions.begin() as uow:
        uow.run(sql(_REMOVED, tenant_id=uow.tenant_id, sha256=sha256))
        uow.commit()
