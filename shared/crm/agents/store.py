"""Where agents are kept and how they are found."""

from uuid import UUID

from shared.crm.agents.model import Agent, AgentKind
from shared.kernel.errors import Invalid
from shared.runtime.mapping import map_aggregate
from shared.runtime.postgres import sql
from shared.runtime.work import Repository

agents = map_aggregate(Agent, "agents")

_NAME = "select name from users where tenant_id = :tenant_id and id = :user_id"


class Agents(Repository[Agent]):
    kind = Agent

    def bot(self, id: UUID) -> Agent:
        """The bot of that id. NotFound: there is no such agent. Invalid: it is no bot."""
        agent = self.get(id)
        if agent.kind is not AgentKind.BOT:
            raise Invalid("only a bot answers by itself; choose an agent whose kind is bot")
        return agent

    def human(self, id: UUID) -> Agent:
        """The person of that id. NotFound: there is no such agent. Invalid: it is none."""
        agent = self.get(id)
        if agent.kind is not AgentKind.HUMAN:
            raise Invalid("only a person can hold a session; choose an agent whose kind is human")
        return agent

    def of_caller(self) -> Agent:
        """The agent that the caller is in this project; made when they first need one."""
        caller = self.uow.caller
        known = self.first(agents.c.project_id == caller.project_id, agents.c.user_id == caller.user_id)
        return known or self.add(
            Agent.human(
                tenant_id=caller.tenant_id, project_id=caller.project_id, user_id=caller.user_id, name=self._own_name()
            )
        )

    def _own_name(self) -> str:
        caller = self.uow.caller
        rows = self.uow.run(sql(_NAME, tenant_id=caller.tenant_id, user_id=caller.user_id))[0]
        return rows[0][0] or ""
