"""Closing a session."""

from typing import ClassVar
from uuid import UUID

from pydantic import Field

from shared.crm.sessions.model import SessionOutcome
from shared.crm.sessions.use_cases import open_session
from shared.crm.sessions.view import SESSIONS, SessionView
from shared.runtime.http import Role, endpoint
from shared.runtime.parsing import Body
from shared.runtime.query import One, one
from shared.runtime.work import UnitOfWork


class Closing(Body):
    may_be_missing: ClassVar[bool] = True

    outcome: SessionOutcome | None = Field(None, description="What came of it.", examples=["resolved"])


@endpoint("POST", "/api/v1/crm/sessions/{session_id}/close", allow=Role.AGENT)
def close_session(uow: UnitOfWork, session_id: UUID, body: Closing) -> One[SessionView]:
    """End a stretch of conversation; what is said next begins another, in the bot's hands."""
    session = open_session(uow, session_id)
    session.close(uow.now, body.outcome)
    return one(SESSIONS, session.id)
