import pytest

from infra.fakes.waha_events import Party
from tests.support.borders import hidden
from tests.support.conversation import speak

PATH = "/api/v1/crm/contacts/{}/messages"
BIA = Party(phone="5511900000002", lid="100000000000002", name="Bia")


@pytest.mark.parametrize("role", ["admin", "agent", "viewer"])
def test_every_member_sees_what_was_said_with_a_contact(api, world, tenant, channel, spoken, role):
    speak(world, channel, customer=BIA)
    answer = api.get(PATH.format(spoken.contact_id), as_=getattr(tenant, role))
    assert answer.status_code == 200
    assert [(each["id"], each["text"]) for each in answer.json["data"]] == [(str(spoken.message_id), "Oi!")]


def test_the_latest_comes_first_in_pages(api, world, tenant, channel, spoken):
    for number in range(1, 4):
        speak(world, channel, f"{number}", timestamp=1_783_000_000 + number)
    path = PATH.format(spoken.contact_id)
    first = api.get(f"{path}?limit=3", as_=tenant.viewer).json
    rest = api.get(f"{path}?limit=3&cursor={first['paging']['next']}", as_=tenant.viewer).json
    assert [each["text"] for each in first["data"] + rest["data"]] == ["Oi!", "3", "2", "1"]


def test_another_tenants_contact_looks_like_one_that_never_was(api, tenant, theirs):
    assert hidden(api, tenant.admin, "GET", PATH, theirs.contact_id)


def test_a_stranger_sees_nothing(api, spoken):
    assert api.get(PATH.format(spoken.contact_id)).status_code == 401


@pytest.mark.parametrize("query", ["limit=101", "sort=text", "filter[session_id]=x", "filter[text]=x"])
def test_a_question_that_cannot_be_read_is_a_400(api, tenant, spoken, query):
    assert api.get(f"{PATH.format(spoken.contact_id)}?{query}", as_=tenant.viewer).status_code == 400
