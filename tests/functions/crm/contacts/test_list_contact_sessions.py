import pytest

from infra.fakes.waha_events import Party
from tests.support.borders import hidden
from tests.support.conversation import speak

PATH = "/api/v1/crm/contacts/{}/sessions"
BIA = Party(phone="5511900000002", lid="100000000000002", name="Bia")


@pytest.mark.parametrize("role", ["admin", "agent", "viewer"])
def test_every_member_sees_a_contacts_sessions_and_nobody_elses(api, world, tenant, channel, spoken, role):
    speak(world, channel, customer=BIA)
    answer = api.get(PATH.format(spoken.contact_id), as_=getattr(tenant, role))
    assert answer.status_code == 200
    assert [each["id"] for each in answer.json["data"]] == [str(spoken.session_id)]


def test_the_latest_comes_first(api, world, tenant, channel, spoken):
    api.post(f"/api/v1/crm/sessions/{spoken.session_id}/close", {}, as_=tenant.agent)
    world.advance(3600)
    later = speak(world, channel, "De novo", timestamp=int(world.now().timestamp())).session_id
    answer = api.get(PATH.format(spoken.contact_id), as_=tenant.viewer).json
    assert [each["id"] for each in answer["data"]] == [str(later), str(spoken.session_id)]
    assert [each["status"] for each in answer["data"]] == ["open", "closed"]


def test_another_tenants_contact_looks_like_one_that_never_was(api, tenant, theirs):
    assert hidden(api, tenant.admin, "GET", PATH, theirs.contact_id)


def test_a_stranger_sees_nothing(api, spoken):
    assert api.get(PATH.format(spoken.contact_id)).status_code == 401


@pytest.mark.parametrize("query", ["limit=101", "sort=status", "filter[chat_id]=x", "filter[held_since]=x"])
def test_a_question_that_cannot_be_read_is_a_400(api, tenant, spoken, query):
    assert api.get(f"{PATH.format(spoken.contact_id)}?{query}", as_=tenant.viewer).status_code == 400
