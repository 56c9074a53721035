"""The sessions of a channel."""

from uuid import UUID

from shared.crm.channels.view import IS_THERE
from shared.crm.sessions.view import SESSIONS, SessionView
from shared.runtime.http import Role, endpoint
from shared.runtime.paging import PageQuery
from shared.runtime.query import Page, page


@endpoint("GET", "/api/v1/crm/channels/{channel_id}/sessions", allow=Role.VIEWER)
def list_channel_sessions(channel_id: UUID, query: PageQuery, filters: dict[str, str]) -> Page[SessionView]:
    """List the conversations on a channel, the latest first."""
    return page(SESSIONS, query, filters, where="s.channel_id = :channel_id", exists=IS_THERE, channel_id=channel_id)
