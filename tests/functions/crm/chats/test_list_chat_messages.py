import pytest

from infra.fakes.waha_events import Addressing
from tests.support.borders import hidden
from tests.support.conversation import ANA, speak

PATH = "/api/v1/crm/chats/{}/messages"
GROUP = "120363000000000001@g.us"


@pytest.mark.parametrize("role", ["admin", "agent", "viewer"])
def test_every_member_sees_what_was_said_the_latest_first(api, world, tenant, channel, spoken, theirs, role):
    speak(world, channel, "Antes", timestamp=int(world.now().timestamp()) - 60)
    speak(world, channel, "No grupo", customer=ANA, group=GROUP)
    answer = api.get(PATH.format(spoken.chat_id), as_=getattr(tenant, role))
    assert answer.status_code == 200
    assert [each["text"] for each in answer.json["data"]] == ["Oi!", "Antes"]
    assert {each["chat_id"] for each in answer.json["data"]} == {str(spoken.chat_id)}


def test_pages_follow_each_other(api, world, tenant, channel):
    told = [speak(world, channel, f"{n}", timestamp=1_783_000_000 + n) for n in range(5)]
    path = PATH.format(told[0].chat_id)
    first = api.get(f"{path}?limit=3", as_=tenant.viewer).json
    rest = api.get(f"{path}?limit=3&cursor={first['paging']['next']}", as_=tenant.viewer).json
    assert [each["text"] for each in first["data"] + rest["data"]] == ["4", "3", "2", "1", "0"]


def test_the_id_of_a_chat_that_was_merged_shows_the_messages_of_both(api, world, tenant, channel):
    ways = (Addressing.LID, Addressing.PHONE)
    chats = [speak(world, channel, addressing=way).chat_id for way in ways]
    speak(world, channel, addressing=Addressing.LID_WITH_PHONE)
    seen = [api.get(PATH.format(chat), as_=tenant.viewer).json["data"] for chat in chats]
    assert [len(each) for each in seen] == [3, 3]


def test_it_can_be_asked_for_by_direction(api, tenant, spoken):
    path = PATH.format(spoken.chat_id)
    assert len(api.get(f"{path}?filter[direction]=inbound", as_=tenant.viewer).json["data"]) == 1
    assert api.get(f"{path}?filter[direction]=outbound", as_=tenant.viewer).json["data"] == []


def test_another_tenants_chat_looks_like_one_that_never_was(api, tenant, theirs):
    assert hidden(api, tenant.admin, "GET", PATH, theirs.chat_id)


def test_a_stranger_sees_nothing(api, spoken):
    assert api.get(PATH.format(spoken.chat_id)).status_code == 401


@pytest.mark.parametrize("query", ["limit=101", "sort=text", "filter[text]=x"])
def test_a_question_that_cannot_be_read_is_a_400(api, tenant, spoken, query):
    assert api.get(f"{PATH.format(spoken.chat_id)}?{query}", as_=tenant.viewer).status_code == 400
