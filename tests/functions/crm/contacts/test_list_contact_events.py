import pytest

from tests.support.borders import hidden

PATH = "/api/v1/crm/contacts/{}/events"


@pytest.mark.parametrize("role", ["admin", "agent", "viewer"])
def test_every_member_sees_what_happened_around_a_contact(api, world, tenant, spoken, role):
    world.drain()
    answer = api.get(f"{PATH.format(spoken.contact_id)}?sort=occurred_at:asc", as_=getattr(tenant, role))
    assert answer.status_code == 200
    assert [each["type"] for each in answer.json["data"]] == [
        "contact.created",
        "contact.identity_linked",
        "chat.created",
        "session.started",
        "message.created",
    ]
    assert {each["contact_id"] for each in answer.json["data"]} == {str(spoken.contact_id)}
    assert "Oi!" not in answer.text
    assert "Ana" not in answer.text


def test_it_can_be_asked_for_by_type(api, world, tenant, spoken):
    world.drain()
    answer = api.get(f"{PATH.format(spoken.contact_id)}?filter[type]=message.created", as_=tenant.viewer).json
    assert [each["data"]["message_id"] for each in answer["data"]] == [str(spoken.message_id)]


def test_another_tenants_contact_looks_like_one_that_never_was(api, tenant, theirs):
    assert hidden(api, tenant.admin, "GET", PATH, theirs.contact_id)


def test_a_stranger_sees_nothing(api, spoken):
    assert api.get(PATH.format(spoken.contact_id)).status_code == 401


@pytest.mark.parametrize("query", ["limit=101", "sort=type", "filter[data]=x"])
def test_a_question_that_cannot_be_read_is_a_400(api, tenant, spoken, query):
    assert api.get(f"{PATH.format(spoken.contact_id)}?{query}", as_=tenant.viewer).status_code == 400
