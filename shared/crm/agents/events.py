"""Everything that can happen to an agent."""

from uuid import UUID

from shared.kernel.events import Event


class AgentEvent(Event):
    agent_id: UUID


class AgentCreated(AgentEvent, name="agent.created"):
    kind: str
