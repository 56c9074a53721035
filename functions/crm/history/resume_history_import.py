from uuid import UUID

from shared.crm.history.use_cases import resume
from shared.crm.history.view import HISTORY_RUNS, HistoryRunView
from shared.runtime.http import Role, endpoint
from shared.runtime.query import One, one
from shared.runtime.work import UnitOfWork


@endpoint("POST", "/api/v1/crm/channels/{channel_id}/import-history/resume", allow=Role.ADMIN)
def resume_history_import(uow: UnitOfWork, channel_id: UUID) -> One[HistoryRunView]:
    """Go on with a history import that was paused or has failed, where it stopped."""
    return one(HISTORY_RUNS, resume(uow, channel_id).id)
