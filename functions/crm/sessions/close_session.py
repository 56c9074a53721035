"""Closing a session."""

from uuid import UUID

from shared.crm.sessions.use_cases import open_session
from shared.crm.sessions.view import SESSIONS, SessionView
from shared.runtime.http import Role, endpoint
from shared.runtime.query import One, one
from shared.runtime.work import UnitOfWork


@endpoint("POST", "/api/v1/crm/sessions/{session_id}/close", allow=Role.AGENT)
def close_session(uow: UnitOfWork, session_id: UUID) -> One[SessionView]:
    """End a stretch of conversation; what is said next begins another, in the bot's hands."""
    session = open_session(uow, session_id)
    session.close(uow.now)
    return one(SESSIONS, session.id)
