from uuid import UUID

from shared.crm.history.view import LAST_IMPORT, HistoryRunView
from shared.runtime.http import Role, endpoint
from shared.runtime.query import One, only


@endpoint("GET", "/api/v1/crm/channels/{channel_id}/import-status", allow=Role.VIEWER)
def get_import_status(channel_id: UUID) -> One[HistoryRunView]:
    """Show how far a channel's newest history import has come, and what went wrong."""
    return only(LAST_IMPORT, channel_id=channel_id)
