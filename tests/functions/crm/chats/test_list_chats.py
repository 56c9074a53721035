import pytest

from infra.fakes.waha_events import Party
from tests.support.conversation import ANA, speak

PATH = "/api/v1/crm/chats"
GROUP = "120363000000000001@g.us"
PEOPLE = [Party(phone=f"551190000000{number}", lid=f"10000000000001{number}", name="Bia") for number in range(4)]


@pytest.fixture
def chats(world, channel, theirs):
    """From the one spoken in first to the one spoken in last."""
    told = [speak(world, channel, customer=each, timestamp=1_783_000_000 + n) for n, each in enumerate(PEOPLE)]
    return [str(each.chat_id) for each in told]


@pytest.mark.parametrize("role", ["admin", "agent", "viewer"])
def test_every_member_sees_the_projects_chats_the_latest_first(api, tenant, chats, role):
    answer = api.get(PATH, as_=getattr(tenant, role))
    assert answer.status_code == 200
    assert [each["id"] for each in answer.json["data"]] == chats[::-1]


def test_pages_follow_each_other(api, tenant, chats):
    first = api.get(f"{PATH}?limit=3", as_=tenant.viewer).json
    rest = api.get(f"{PATH}?limit=3&cursor={first['paging']['next']}", as_=tenant.viewer).json
    assert [each["id"] for each in first["data"] + rest["data"]] == chats[::-1]


def test_they_can_be_asked_for(api, world, tenant, channel, chats):
    group = speak(world, channel, customer=ANA, group=GROUP)
    of_kind = api.get(f"{PATH}?filter[kind]=group", as_=tenant.viewer).json["data"]
    assert [each["id"] for each in of_kind] == [str(group.chat_id)]
    of_channel = api.get(f"{PATH}?filter[channel_id]={channel.id}", as_=tenant.viewer).json["data"]
    assert len(of_channel) == 5


def test_what_belongs_to_another_tenant_is_found_by_no_filter(api, tenant, theirs):
    for name, theirs_id in (("contact_id", theirs.contact_id), ("channel_id", theirs.chat_id)):
        assert api.get(f"{PATH}?filter[{name}]={theirs_id}", as_=tenant.admin).json["data"] == []


@pytest.mark.parametrize("query", ["limit=101", "sort=subject", "filter[subject]=x", "filter[channel_id]=x"])
def test_a_question_that_cannot_be_read_is_a_400(api, tenant, query):
    assert api.get(f"{PATH}?{query}", as_=tenant.viewer).status_code == 400


def test_a_stranger_sees_nothing(api, tenant):
    assert api.get(PATH).status_code == 401
