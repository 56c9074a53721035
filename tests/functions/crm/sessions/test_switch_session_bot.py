import pytest

from tests.support.borders import hidden
from tests.support.conversation import let_the_bot_reply, speak

PATH = "/api/v1/crm/sessions/{}/bot"


def switch(api, caller, spoken, *, paused):
    return api.post(PATH.format(spoken.session_id), {"paused": paused}, as_=caller)


@pytest.mark.parametrize("role", ["admin", "agent"])
def test_a_paused_bot_is_silent(api, tenant, world, channel, spoken, role):
    answer = switch(api, getattr(tenant, role), spoken, paused=True)
    assert answer.status_code == 200
    assert (answer.json["held_by"], answer.json["agent_id"]) == ("human", None)
    speak(world, channel, "Alguém aí?")
    world.drain(timers=True, tolerate=True)
    assert world.value("select count(*) from messages where sender_kind = 'bot'") == 0


def test_what_it_was_about_to_say_is_withdrawn(api, tenant, world, spoken):
    reply = let_the_bot_reply(world)
    switch(api, tenant.agent, spoken, paused=True)
    assert world.value("select status from messages where id = :id", id=reply["id"]) == "cancelled"
    assert world.value("select outcome from message_groups") == "taken_over"


def test_it_goes_on_when_it_may(api, tenant, world, channel, spoken):
    switch(api, tenant.agent, spoken, paused=True)
    answer = switch(api, tenant.agent, spoken, paused=False)
    assert answer.json["held_by"] == "bot"
    let_the_bot_reply(world)
    assert [event["event_type"] for event in world.events() if "bot" in event["event_type"]] == [
        "session.bot_paused",
        "session.bot_resumed",
    ]


@pytest.mark.parametrize("paused", [True, False])
def test_again_changes_nothing(api, tenant, world, spoken, paused):
    first = switch(api, tenant.agent, spoken, paused=paused).json
    events = len(world.events())
    assert switch(api, tenant.agent, spoken, paused=paused).json == first
    assert len(world.events()) == events


def test_a_closed_session_has_no_switch(api, tenant, spoken):
    api.post(f"/api/v1/crm/sessions/{spoken.session_id}/close", as_=tenant.agent)
    assert switch(api, tenant.agent, spoken, paused=True).status_code == 409


def test_a_viewer_switches_nothing(api, tenant, spoken):
    assert switch(api, tenant.viewer, spoken, paused=True).status_code == 403


def test_a_stranger_switches_nothing(api, spoken):
    assert switch(api, None, spoken, paused=True).status_code == 401


def test_another_tenants_session_looks_like_one_that_never_was(api, tenant, world, theirs):
    assert hidden(api, tenant.admin, "POST", PATH, theirs.session_id, json={"paused": True})
    assert world.value("select held_by from sessions") == "bot"


@pytest.mark.parametrize("body", [{}, {"paused": None}, {"paused": "yes"}, {"paused": 1}, {"paused": True, "by": "me"}])
def test_what_does_not_fit_is_refused(api, tenant, spoken, body):
    assert api.post(PATH.format(spoken.session_id), body, as_=tenant.agent).status_code == 422
