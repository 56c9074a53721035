"""Where agents are kept and how they are found."""

from shared.crm.agents.model import Agent
from shared.runtime.mapping import map_aggregate
from shared.runtime.work import Repository

agents = map_aggregate(Agent, "agents")


class Agents(Repository[Agent]):
    kind = Agent
