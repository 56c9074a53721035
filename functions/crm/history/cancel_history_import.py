from uuid import UUID

from shared.crm.history.store import HistoryRuns
from shared.crm.history.view import HISTORY_RUNS, HistoryRunView
from shared.runtime.http import Role, endpoint
from shared.runtime.query import One, one
from shared.runtime.work import UnitOfWork


@endpoint("POST", "/api/v1/crm/channels/{channel_id}/import-history/cancel", allow=Role.ADMIN)
def cancel_history_import(uow: UnitOfWork, channel_id: UUID) -> One[HistoryRunView]:
    """End a history import; what it has brought stays."""
    run = HistoryRuns(uow).last_import(channel_id)
    run.cancel(uow.caller.user_id, uow.now)
    return one(HISTORY_RUNS, run.id)
