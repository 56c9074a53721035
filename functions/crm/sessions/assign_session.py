"""Giving a session to a person."""

from uuid import UUID

from pydantic import Field

from shared.crm.agents.store import Agents
from shared.crm.sessions.use_cases import open_session, take_over
from shared.crm.sessions.view import SESSIONS, SessionView
from shared.runtime.http import Role, endpoint
from shared.runtime.parsing import Body
from shared.runtime.query import One, one
from shared.runtime.work import UnitOfWork


class Assignment(Body):
    agent_id: UUID | None = Field(None, description="Which person; left out, you.")


@endpoint("POST", "/api/v1/crm/sessions/{session_id}/assign", allow=Role.AGENT)
def assign_session(uow: UnitOfWork, session_id: UUID, body: Assignment) -> One[SessionView]:
    """Let a person hold the session, until it is closed or given back.

    Replies that the bot has not begun to send are withdrawn.
    """
    session = open_session(uow, session_id)
    agent = Agents(uow).human(body.agent_id) if body.agent_id else Agents(uow).of_caller()
    take_over(uow, session, "assigned to a person", agent.id)
    return one(SESSIONS, session.id)
