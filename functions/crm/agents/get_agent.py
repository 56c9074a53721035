"""One agent."""

from uuid import UUID

from shared.crm.agents.view import AGENTS, AgentView
from shared.runtime.http import Role, endpoint
from shared.runtime.query import One, one


@endpoint("GET", "/api/v1/crm/agents/{agent_id}", allow=Role.VIEWER)
def get_agent(agent_id: UUID) -> One[AgentView]:
    """Show one agent."""
    return one(AGENTS, agent_id)
