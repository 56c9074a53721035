from uuid import UUID

from shared.crm.history.view import HistoryRunView, last_import
from shared.runtime.http import Role, endpoint
from shared.runtime.query import One


@endpoint("GET", "/api/v1/crm/channels/{channel_id}/import-status", allow=Role.VIEWER)
def get_import_status(channel_id: UUID) -> One[HistoryRunView]:
    """Show how far a channel's newest history import has come, and what went wrong."""
    return last_import(channel_id)
