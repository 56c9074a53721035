"""An agent, not to be taken for the role of that name: who answers in a chat, a person or a bot."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar, Self
from uuid import UUID

from shared.crm.agents.events import AgentCreated
from shared.kernel.aggregate import Aggregate
from shared.kernel.ids import uuid7


class AgentKind(StrEnum):
    HUMAN = "human"
    BOT = "bot"
    SYSTEM = "system"


class Responder(StrEnum):
    """What a bot answers with: the tenant's own rules, or Gemini."""

    RULES = "rules"
    GEMINI = "gemini"


class AgentStatus(StrEnum):
    ACTIVE = "active"
    INACTIVE = "inactive"


@dataclass(eq=False, kw_only=True)
class Agent(Aggregate):
    """`config` is the responder's: its rules, or its instructions."""

    aggregate_type: ClassVar[str] = "agent"

    id: UUID
    tenant_id: UUID
    project_id: UUID
    version: int = 1
    name: str
    kind: AgentKind
    user_id: UUID | None = None
    responder: Responder | None = None
    config: dict[str, Any] = field(default_factory=dict)
    status: AgentStatus = AgentStatus.ACTIVE

    @classmethod
    def human(cls, *, tenant_id: UUID, project_id: UUID, user_id: UUID, name: str) -> Self:
        agent = cls(
            id=uuid7(), tenant_id=tenant_id, project_id=project_id, name=name, kind=AgentKind.HUMAN, user_id=user_id
        )
        agent.record(AgentCreated(agent_id=agent.id, kind=agent.kind))
        return agent

    @classmethod
    def bot(cls, *, tenant_id: UUID, project_id: UUID, name: str, responder: Responder, config: dict[str, Any]) -> Self:
        agent = cls(
            id=uuid7(),
            tenant_id=tenant_id,
            project_id=project_id,
            name=name,
            kind=AgentKind.BOT,
            responder=responder,
            config=config,
        )
        agent.record(AgentCreated(agent_id=agent.id, kind=agent.kind))
        return agent
