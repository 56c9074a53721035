import pytest

from tests.support.borders import hidden, hidden_in
from tests.support.conversation import let_the_bot_reply, speak

PATH = "/api/v1/crm/sessions/{}/assign"


@pytest.mark.parametrize("role", ["admin", "agent"])
def test_i_hold_the_session_as_an_agent_made_for_me(api, tenant, world, spoken, role):
    person = getattr(tenant, role)
    answer = api.post(PATH.format(spoken.session_id), {}, as_=person)
    assert answer.status_code == 200
    agent = world.rows("select id, kind, user_id, name from agents where kind = 'human'")
    assert agent == [
        {"id": answer.json["agent_id"], "kind": "human", "user_id": str(person.user_id), "name": role.title()}
    ]
    assert answer.json["held_by"] == "human"
    assert answer.json["held_since"] is not None
    told = {event["event_type"]: event["data"] for event in world.events()}
    assert told["session.agent_assigned"]["agent_id"] == answer.json["agent_id"]
    assert told["session.bot_paused"]["reason"] == "assigned to a person"


def test_again_changes_nothing(api, tenant, world, spoken):
    first = api.post(PATH.format(spoken.session_id), {}, as_=tenant.agent).json
    events = len(world.events())
    assert api.post(PATH.format(spoken.session_id), {}, as_=tenant.agent).json == first
    assert len(world.events()) == events


def test_a_colleague_can_be_given_it(api, tenant, world, spoken):
    mine = api.post(PATH.format(spoken.session_id), {}, as_=tenant.admin).json["agent_id"]
    api.post(PATH.format(spoken.session_id), {}, as_=tenant.agent)
    answer = api.post(PATH.format(spoken.session_id), {"agent_id": mine}, as_=tenant.agent)
    assert answer.json["agent_id"] == mine
    assert world.value("select count(*) from agents where kind = 'human'") == 2
    assert world.events("session.agent_assigned")[-1]["data"]["agent_id"] == mine


def test_what_the_bot_was_about_to_say_is_withdrawn(api, tenant, world, spoken):
    reply = let_the_bot_reply(world)
    api.post(PATH.format(spoken.session_id), {}, as_=tenant.agent)
    assert world.value("select status from messages where id = :id", id=reply["id"]) == "cancelled"
    assert world.value("select outcome from message_groups") == "taken_over"
    assert world.events("message.cancelled")[0]["data"]["reason"] == "assigned to a person"
    assert world.events("message_group.settled")[-1]["data"]["outcome"] == "taken_over"


def test_the_bot_does_not_answer_what_it_has_not_heard_to_the_end(api, tenant, world, channel, spoken):
    api.post(PATH.format(spoken.session_id), {}, as_=tenant.agent)
    speak(world, channel, "Alguém aí?")
    world.drain(timers=True, tolerate=True)
    assert world.value("select count(*) from messages where sender_kind = 'bot'") == 0
    assert world.rows("select distinct outcome from message_groups") == [{"outcome": "taken_over"}]


def test_a_bot_holds_no_session(api, tenant, channel, spoken):
    refused = api.post(PATH.format(spoken.session_id), {"agent_id": str(channel.agent_id)}, as_=tenant.agent)
    assert refused.status_code == 422
    assert "kind is human" in refused.json["error"]["message"]


def test_a_closed_session_is_held_by_nobody(api, tenant, spoken):
    api.post(f"/api/v1/crm/sessions/{spoken.session_id}/close", as_=tenant.agent)
    assert api.post(PATH.format(spoken.session_id), {}, as_=tenant.agent).status_code == 409


def test_a_viewer_takes_nothing(api, tenant, world, spoken):
    assert api.post(PATH.format(spoken.session_id), {}, as_=tenant.viewer).status_code == 403
    assert world.value("select held_by from sessions") == "bot"


def test_a_stranger_takes_nothing(api, spoken):
    assert api.post(PATH.format(spoken.session_id), {}).status_code == 401


def test_another_tenants_session_looks_like_one_that_never_was(api, tenant, world, theirs):
    assert hidden(api, tenant.admin, "POST", PATH, theirs.session_id, json={})
    assert world.value("select held_by from sessions") == "bot"


def test_another_tenants_agent_looks_like_one_that_never_was(api, tenant, other_tenant, spoken, theirs):
    held = api.post(PATH.format(theirs.session_id), {}, as_=other_tenant.agent).json
    path = PATH.format(spoken.session_id)
    assert hidden_in(api, tenant.admin, "POST", path, {}, "agent_id", held["agent_id"])


@pytest.mark.parametrize("body", [{"agent_id": "me"}, {"user_id": None}, []])
def test_what_does_not_fit_is_refused(api, tenant, spoken, body):
    assert api.post(PATH.format(spoken.session_id), body, as_=tenant.agent).status_code == 422
