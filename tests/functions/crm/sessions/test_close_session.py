import pytest

from tests.support.borders import hidden
from tests.support.conversation import speak

PATH = "/api/v1/crm/sessions/{}/close"


@pytest.mark.parametrize("role", ["admin", "agent"])
def test_an_agent_closes_a_session(api, tenant, world, spoken, role):
    answer = api.post(PATH.format(spoken.session_id), as_=getattr(tenant, role))
    assert answer.status_code == 200
    assert (answer.json["status"], answer.json["close_reason"]) == ("closed", "manual")
    assert answer.json["ended_at"] is not None
    (event,) = world.events("session.closed")
    assert event["data"]["reason"] == "manual"
    assert event["actor"] == {"type": "user", "id": str(getattr(tenant, role).user_id)}


@pytest.mark.parametrize("outcome", ["resolved", "unresolved", "converted", "spam"])
def test_whoever_closes_it_may_say_what_came_of_it(api, tenant, world, spoken, outcome):
    answer = api.post(PATH.format(spoken.session_id), {"outcome": outcome}, as_=tenant.agent)
    assert (answer.status_code, answer.json["outcome"]) == (200, outcome)
    (event,) = world.events("session.closed")
    assert event["data"]["outcome"] == outcome
    resolved = [each["data"]["outcome"] for each in world.events("session.resolved")]
    assert resolved == ([outcome] if outcome in {"resolved", "converted"} else [])


@pytest.mark.parametrize("body", [None, {}, {"outcome": None}])
def test_or_say_nothing(api, tenant, world, spoken, body):
    answer = api.post(PATH.format(spoken.session_id), body, as_=tenant.agent)
    assert (answer.status_code, answer.json["outcome"]) == (200, None)
    assert world.events("session.resolved") == []


@pytest.mark.parametrize("body", [{"outcome": "won"}, {"outcome": 1}, {"reason": "manual"}, []])
def test_what_does_not_fit_closes_nothing(api, tenant, world, spoken, body):
    assert api.post(PATH.format(spoken.session_id), body, as_=tenant.agent).status_code == 422
    assert world.value("select status from sessions") == "open"


def test_under_one_key_it_is_done_once(api, tenant, world, spoken):
    path, key = PATH.format(spoken.session_id), {"Idempotency-Key": "closed"}
    first = api.post(path, as_=tenant.agent, headers=key)
    again = api.post(path, as_=tenant.agent, headers=key)
    assert (again.status_code, again.json) == (200, first.json)
    assert api.post(path, {"outcome": "spam"}, as_=tenant.agent, headers=key).status_code == 422
    assert len(world.events("session.closed")) == 1


def test_who_held_it_holds_it_no_more_and_what_is_said_next_begins_another(api, tenant, world, channel, spoken):
    api.post(f"/api/v1/crm/sessions/{spoken.session_id}/assign", {}, as_=tenant.agent)
    closed = api.post(PATH.format(spoken.session_id), as_=tenant.agent).json
    assert (closed["held_by"], closed["agent_id"]) == ("bot", None)
    world.advance(60)
    again = speak(world, channel, "Mais uma coisa", timestamp=int(world.now().timestamp())).session_id
    assert again != spoken.session_id
    assert world.value("select held_by from sessions where id = :id", id=again) == "bot"


def test_it_is_closed_once(api, tenant, world, spoken):
    api.post(PATH.format(spoken.session_id), as_=tenant.agent)
    again = api.post(PATH.format(spoken.session_id), as_=tenant.agent)
    assert again.status_code == 409
    assert len(world.events("session.closed")) == 1


def test_a_viewer_closes_nothing(api, tenant, world, spoken):
    assert api.post(PATH.format(spoken.session_id), as_=tenant.viewer).status_code == 403
    assert world.value("select status from sessions") == "open"


def test_a_stranger_closes_nothing(api, spoken):
    assert api.post(PATH.format(spoken.session_id)).status_code == 401


def test_another_tenants_session_looks_like_one_that_never_was(api, tenant, world, theirs):
    assert hidden(api, tenant.admin, "POST", PATH, theirs.session_id)
    assert world.value("select status from sessions") == "open"
