import pytest

from tests.support.borders import hidden, hidden_in
from tests.support.conversation import speak

PATH = "/api/v1/crm/messages/{}/assign-agent"


@pytest.fixture
def phoned(world, channel, spoken):
    """Something that was written on the phone; its id."""
    return str(speak(world, channel, "Já vejo", from_me=True).message_id)


@pytest.mark.parametrize("role", ["admin", "agent"])
def test_what_was_written_on_the_phone_is_mine(api, tenant, world, phoned, role):
    answer = api.post(PATH.format(phoned), {}, as_=getattr(tenant, role))
    assert answer.status_code == 200
    mine = world.value("select id from agents where kind = 'human'")
    assert (answer.json["agent_id"], answer.json["sender_kind"]) == (mine, "phone")
    (event,) = world.events("message.agent_assigned")
    assert (event["data"]["message_id"], event["data"]["agent_id"]) == (phoned, mine)


def test_again_changes_nothing(api, tenant, world, phoned):
    first = api.post(PATH.format(phoned), {}, as_=tenant.agent).json
    events = len(world.events())
    assert api.post(PATH.format(phoned), {}, as_=tenant.agent).json == first
    assert len(world.events()) == events


def test_it_can_be_a_bots_and_then_a_colleagues(api, tenant, world, channel, phoned):
    bot = str(channel.agent_id)
    assert api.post(PATH.format(phoned), {"agent_id": bot}, as_=tenant.agent).json["agent_id"] == bot
    assert api.post(PATH.format(phoned), {}, as_=tenant.agent).json["agent_id"] != bot
    assert len(world.events("message.agent_assigned")) == 2


def test_who_holds_the_session_stays_as_it_is(api, tenant, world, spoken, phoned):
    before = world.rows("select held_by, agent_id from sessions")
    api.post(PATH.format(phoned), {}, as_=tenant.agent)
    assert world.rows("select held_by, agent_id from sessions") == before


def test_what_the_customer_wrote_is_nobodys_of_ours(api, tenant, world, spoken):
    refused = api.post(PATH.format(spoken.message_id), {}, as_=tenant.agent)
    assert (refused.status_code, refused.json["error"]["code"]) == (409, "not_ours")
    assert world.events("message.agent_assigned") == []


def test_a_deleted_message_is_nobodys(api, tenant, phoned):
    api.delete(f"/api/v1/crm/messages/{phoned}", as_=tenant.admin)
    assert api.post(PATH.format(phoned), {}, as_=tenant.agent).status_code == 404


def test_a_viewer_says_nothing_and_a_stranger_neither(api, tenant, phoned):
    assert api.post(PATH.format(phoned), {}, as_=tenant.viewer).status_code == 403
    assert api.post(PATH.format(phoned), {}).status_code == 401


def test_another_tenants_message_looks_like_one_that_never_was(api, tenant, theirs):
    assert hidden(api, tenant.admin, "POST", PATH, theirs.message_id, json={})


def test_another_tenants_agent_looks_like_one_that_never_was(api, tenant, other_tenant, phoned, theirs):
    held = api.post(f"/api/v1/crm/sessions/{theirs.session_id}/assign", {}, as_=other_tenant.agent).json
    assert hidden_in(api, tenant.admin, "POST", PATH.format(phoned), {}, "agent_id", held["agent_id"])


@pytest.mark.parametrize("body", [{"agent_id": "me"}, {"user_id": None}, []])
def test_what_does_not_fit_is_refused(api, tenant, phoned, body):
    assert api.post(PATH.format(phoned), body, as_=tenant.agent).status_code == 422
