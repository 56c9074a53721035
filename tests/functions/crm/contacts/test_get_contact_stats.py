import pytest

from infra.fakes.waha_events import Party
from tests.support.borders import hidden
from tests.support.conversation import let_the_bot_reply, speak

PATH = "/api/v1/crm/contacts/{}/stats"
BIA = Party(phone="5511900000002", lid="100000000000002", name="Bia")
GROUP = "120363000000000001@g.us"


def stats(api, tenant, id):
    answer = api.get(PATH.format(id), as_=tenant.viewer)
    assert answer.status_code == 200, answer.text
    return answer.json


@pytest.mark.parametrize("role", ["admin", "agent", "viewer"])
def test_every_member_sees_how_much_was_said(api, tenant, world, channel, spoken, theirs, role):
    speak(world, channel, customer=BIA)
    sent_at = api.get(f"/api/v1/crm/messages/{spoken.message_id}", as_=tenant.viewer).json["sent_at"]
    answer = api.get(PATH.format(spoken.contact_id), as_=getattr(tenant, role))
    assert answer.status_code == 200
    assert answer.json == {
        "contact_id": str(spoken.contact_id),
        "sessions": 1,
        "open_sessions": 1,
        "messages_received": 1,
        "messages_sent": 0,
        "first_message_at": sent_at,
        "last_received_at": sent_at,
        "last_sent_at": None,
        "presence": None,
        "last_seen_at": None,
    }


def test_what_was_answered_counts_unless_it_was_withdrawn(api, tenant, world, spoken):
    let_the_bot_reply(world)
    before = stats(api, tenant, spoken.contact_id)
    api.post(f"/api/v1/crm/sessions/{spoken.session_id}/assign", {}, as_=tenant.agent)
    after = stats(api, tenant, spoken.contact_id)
    assert (before["messages_sent"], after["messages_sent"]) == (1, 0)
    assert before["last_sent_at"] is not None
    assert after["last_sent_at"] is None


def test_sessions_that_are_over_count_too(api, tenant, world, channel, spoken):
    api.post(f"/api/v1/crm/sessions/{spoken.session_id}/close", as_=tenant.agent)
    assert (stats(api, tenant, spoken.contact_id)["sessions"], 0) == (
        1,
        stats(api, tenant, spoken.contact_id)["open_sessions"],
    )
    world.advance(60)
    speak(world, channel, "Mais uma coisa", timestamp=int(world.now().timestamp()))
    now = stats(api, tenant, spoken.contact_id)
    assert (now["sessions"], now["open_sessions"], now["messages_received"]) == (2, 1, 2)
    assert now["first_message_at"] < now["last_received_at"]


def test_what_is_said_in_groups_is_the_groups(api, tenant, world, channel, spoken):
    speak(world, channel, "Bom dia, grupo", group=GROUP)
    assert stats(api, tenant, spoken.contact_id)["messages_received"] == 1


def test_of_somebody_nobody_wrote_with_there_is_nothing(api, tenant):
    made = api.post("/api/v1/crm/contacts", {"phone": "+5511911112222"}, as_=tenant.agent).json
    found = stats(api, tenant, made["id"])
    assert {name: value for name, value in found.items() if value} == {"contact_id": made["id"]}


def test_another_tenants_contact_looks_like_one_that_never_was(api, tenant, theirs):
    assert hidden(api, tenant.admin, "GET", PATH, theirs.contact_id)


def test_a_deleted_contact_is_not_there(api, tenant, spoken):
    api.delete(f"/api/v1/crm/contacts/{spoken.contact_id}", as_=tenant.admin)
    assert hidden(api, tenant.admin, "GET", PATH, spoken.contact_id)


def test_a_stranger_sees_nothing(api, spoken):
    assert api.get(PATH.format(spoken.contact_id)).status_code == 401
