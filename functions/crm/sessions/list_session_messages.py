"""The messages of a session."""

from uuid import UUID

from shared.crm.messages.view import MESSAGES, MessageView
from shared.crm.sessions.view import IS_THERE, NAMED
from shared.runtime.http import Role, endpoint
from shared.runtime.paging import PageQuery
from shared.runtime.query import Page, page


@endpoint("GET", "/api/v1/crm/sessions/{session_id}/messages", allow=Role.VIEWER)
def list_session_messages(session_id: UUID, query: PageQuery, filters: dict[str, str]) -> Page[MessageView]:
    """List what was said in a session, the latest first."""
    return page(MESSAGES, query, filters, where=f"m.session_id = {NAMED}", exists=IS_THERE, session_id=session_id)
