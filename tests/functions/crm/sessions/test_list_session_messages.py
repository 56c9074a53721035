import pytest

from tests.support.borders import hidden
from tests.support.conversation import speak

PATH = "/api/v1/crm/sessions/{}/messages"


@pytest.mark.parametrize("role", ["admin", "agent", "viewer"])
def test_every_member_sees_what_was_said_the_latest_first(api, world, tenant, channel, spoken, theirs, role):
    speak(world, channel, "Antes", timestamp=int(world.now().timestamp()) - 60)
    answer = api.get(PATH.format(spoken.session_id), as_=getattr(tenant, role))
    assert answer.status_code == 200
    assert [each["text"] for each in answer.json["data"]] == ["Oi!", "Antes"]
    assert {each["session_id"] for each in answer.json["data"]} == {str(spoken.session_id)}


def test_it_can_be_asked_for_by_direction(api, tenant, spoken):
    path = PATH.format(spoken.session_id)
    assert len(api.get(f"{path}?filter[direction]=inbound", as_=tenant.viewer).json["data"]) == 1
    assert api.get(f"{path}?filter[direction]=outbound", as_=tenant.viewer).json["data"] == []


def test_another_tenants_session_looks_like_one_that_never_was(api, tenant, theirs):
    assert hidden(api, tenant.admin, "GET", PATH, theirs.session_id)


def test_a_stranger_sees_nothing(api, spoken):
    assert api.get(PATH.format(spoken.session_id)).status_code == 401


@pytest.mark.parametrize("query", ["limit=101", "sort=text", "filter[text]=x"])
def test_a_question_that_cannot_be_read_is_a_400(api, tenant, spoken, query):
    assert api.get(f"{PATH.format(spoken.session_id)}?{query}", as_=tenant.viewer).status_code == 400
