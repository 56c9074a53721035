"""A new bot."""

from typing import Any

from pydantic import Field

from shared.ai.responders.config import validate_config
from shared.crm.agents.model import Agent, Responder
from shared.crm.agents.store import Agents
from shared.crm.agents.view import AGENTS, AgentView
from shared.kernel.values import Name
from shared.runtime.http import Role, endpoint
from shared.runtime.parsing import Body
from shared.runtime.query import One, one
from shared.runtime.settings import settings
from shared.runtime.work import UnitOfWork


class NewAgent(Body):
    name: Name = Field(examples=["Bia"])
    responder: Responder = Field(
        default_factory=lambda: Responder(settings().responder),
        description="What the bot answers with; left out, the one this deployment prefers.",
        examples=["rules"],
    )
    config: dict[str, Any] = Field(
        default_factory=dict,
        description="The responder's own settings, such as a rules bot's keywords.",
        examples=[{"keywords": [{"words": ["horário"], "reply": "Abrimos às 8h."}]}],
    )


@endpoint("POST", "/api/v1/crm/agents", allow=Role.ADMIN, status=201)
def create_agent(uow: UnitOfWork, body: NewAgent) -> One[AgentView]:
    """Make a bot that channels can be answered by."""
    config = validate_config(body.responder, body.config)
    bot = Agent.bot(
        tenant_id=uow.tenant_id,
        project_id=uow.caller.project_id,
        name=body.name,
        responder=body.responder,
        config=config,
    )
    return one(AGENTS, Agents(uow).add(bot).id)
