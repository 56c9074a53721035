from uuid import uuid4

from shared.crm.agents.model import Agent, AgentKind, AgentStatus, Responder
from tests.shared.crm.samples import PROJECT, TENANT, names


def test_a_person_answers_as_the_user_they_are():
    user_id = uuid4()
    agent = Agent.human(tenant_id=TENANT, project_id=PROJECT, user_id=user_id, name="Caio")
    assert (agent.kind, agent.user_id, agent.responder) == (AgentKind.HUMAN, user_id, None)
    assert agent.status is AgentStatus.ACTIVE
    assert names(agent) == ["agent.created"]


def test_a_bot_answers_with_a_responder_and_its_configuration():
    config: dict[str, list[str]] = {"rules": []}
    agent = Agent.bot(tenant_id=TENANT, project_id=PROJECT, name="Bia", responder=Responder.RULES, config=config)
    assert (agent.kind, agent.user_id, agent.responder, agent.config) == (
        AgentKind.BOT,
        None,
        Responder.RULES,
        config,
    )
    assert names(agent) == ["agent.created"]
