"""One session."""

from uuid import UUID

from shared.crm.sessions.view import SESSIONS, SessionView
from shared.runtime.http import Role, endpoint
from shared.runtime.query import One, one


@endpoint("GET", "/api/v1/crm/sessions/{session_id}", allow=Role.VIEWER)
def get_session(session_id: UUID) -> One[SessionView]:
    """Show one session; the id of one that was merged shows which it became one with."""
    return one(SESSIONS, session_id)
