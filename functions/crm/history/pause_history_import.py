from uuid import UUID

from shared.crm.history.store import HistoryRuns
from shared.crm.history.view import HISTORY_RUNS, HistoryRunView
from shared.runtime.http import Role, endpoint
from shared.runtime.query import One, one
from shared.runtime.work import UnitOfWork


@endpoint("POST", "/api/v1/crm/channels/{channel_id}/import-history/pause", allow=Role.ADMIN)
def pause_history_import(uow: UnitOfWork, channel_id: UUID) -> One[HistoryRunView]:
    """Let a history import rest; what is being read at this moment is still written."""
    run = HistoryRuns(uow).last_import(channel_id)
    run.pause()
    return one(HISTORY_RUNS, run.id)
