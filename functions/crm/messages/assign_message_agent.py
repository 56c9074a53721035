"""Saying who of us wrote a message."""

from uuid import UUID

from pydantic import Field

from shared.crm.agents.store import Agents
from shared.crm.messages.use_cases import locked_message
from shared.crm.messages.view import MESSAGES, MessageView
from shared.runtime.http import Role, endpoint
from shared.runtime.parsing import Body
from shared.runtime.query import One, one
from shared.runtime.work import UnitOfWork


class Attribution(Body):
    agent_id: UUID | None = Field(None, description="Which agent; left out, you.")


@endpoint("POST", "/api/v1/crm/messages/{message_id}/assign-agent", allow=Role.AGENT)
def assign_message_agent(uow: UnitOfWork, message_id: UUID, body: Attribution) -> One[MessageView]:
    """Count a message that we sent as written by an agent, as one that was written on the phone.

    Who holds the session stays as it is.
    """
    message = locked_message(uow, message_id)
    agent = Agents(uow).get(body.agent_id) if body.agent_id else Agents(uow).of_caller()
    message.written_by(agent.id)
    return one(MESSAGES, message.id)
