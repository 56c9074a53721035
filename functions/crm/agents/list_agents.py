"""The agents of the project."""

from shared.crm.agents.view import AGENTS, AgentView
from shared.runtime.http import Role, endpoint
from shared.runtime.paging import PageQuery
from shared.runtime.query import Page, page


@endpoint("GET", "/api/v1/crm/agents", allow=Role.VIEWER)
def list_agents(query: PageQuery, filters: dict[str, str]) -> Page[AgentView]:
    """List who answers in this project: people and bots."""
    return page(AGENTS, query, filters)
