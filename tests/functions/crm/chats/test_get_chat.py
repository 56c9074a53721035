import pytest

from infra.fakes.waha_events import Addressing, Party
from tests.support.borders import hidden
from tests.support.conversation import speak

PATH = "/api/v1/crm/chats/{}"
GROUP = "120363000000000001@g.us"
BIA = Party(phone="5511900000002", lid="100000000000002", name="Bia")


@pytest.mark.parametrize("role", ["admin", "agent", "viewer"])
def test_every_member_sees_a_chat(api, tenant, channel, spoken, role):
    answer = api.get(PATH.format(spoken.chat_id), as_=getattr(tenant, role))
    assert answer.status_code == 200
    expected = {
        "id": str(spoken.chat_id),
        "project_id": str(tenant.project_id),
        "channel_id": str(channel.id),
        "kind": "individual",
        "contact_id": str(spoken.contact_id),
        "status": "active",
        "addresses": ["5511987654321@c.us"],
        "participants": [],
        "open_session_id": str(spoken.session_id),
    }
    assert {name: answer.json[name] for name in expected} == expected
    assert answer.json["last_message_at"] < answer.json["created_at"]


def test_a_group_has_participants(api, world, tenant, channel):
    spoken = [speak(world, channel, group=GROUP), speak(world, channel, group=GROUP, customer=BIA)]
    answer = api.get(PATH.format(spoken[0].chat_id), as_=tenant.viewer).json
    assert (answer["kind"], answer["contact_id"], answer["addresses"]) == ("group", None, [GROUP])
    assert answer["participants"] == sorted(str(each.contact_id) for each in spoken)


def test_the_id_of_one_that_was_merged_shows_which_it_became_one_with(api, world, tenant, channel):
    ways = (Addressing.LID, Addressing.PHONE)
    chats = [speak(world, channel, addressing=way).chat_id for way in ways]
    assert chats[0] != chats[1]
    speak(world, channel, addressing=Addressing.LID_WITH_PHONE)
    seen = [api.get(PATH.format(chat), as_=tenant.viewer).json for chat in chats]
    assert seen[0] == seen[1]
    assert seen[0]["addresses"] == ["100000000000001@lid", "5511987654321@c.us"]


def test_a_closed_session_is_not_open(api, tenant, spoken):
    api.post(f"/api/v1/crm/sessions/{spoken.session_id}/close", as_=tenant.agent)
    assert api.get(PATH.format(spoken.chat_id), as_=tenant.viewer).json["open_session_id"] is None


def test_another_tenants_chat_looks_like_one_that_never_was(api, tenant, theirs):
    assert hidden(api, tenant.admin, "GET", PATH, theirs.chat_id)


def test_a_stranger_sees_nothing(api, spoken):
    assert api.get(PATH.format(spoken.chat_id)).status_code == 401
