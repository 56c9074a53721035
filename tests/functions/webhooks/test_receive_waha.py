import pytest

from infra.fakes.waha_events import Addressing, Party, make_event
from tests.support.waha import waha_channel

ANA = Party(phone="5511987654321", lid="100000000000001", name="Ana")


@pytest.fixture
def channel(world, api, tenant):
    return waha_channel(world, api, tenant)


def test_a_message_is_kept_under_its_contact_chat_session_and_group(world, channel):
    answer = channel.deliver(make_event("GOWS", "text", body="Oi!", customer=ANA))
    assert answer.status_code == 200, answer.text
    assert answer.json == {"status": "received"}
    (message,) = world.rows("select * from messages")
    assert (message["text"], message["direction"], message["status"]) == ("Oi!", "inbound", "received")
    (contact,) = world.rows("select * from contacts")
    assert contact["name"] == "Ana"
    assert message["sender_contact_id"] == message["contact_id"] == contact["id"]
    assert message["session_id"] == world.value("select id from sessions where status = 'open'")
    assert message["message_group_id"] == world.value("select id from message_groups where status = 'pending'")
    assert {row["value"] for row in world.rows("select value from contact_identities")} == {
        "+5511987654321",
        "+551187654321",
    }
    assert [event["event_type"] for event in world.events()] == [
        "contact.created",
        "contact.identity_linked",
        "chat.created",
        "session.started",
        "message_group.created",
        "message_group.message_added",
        "message.created",
    ]


def test_the_same_delivery_again_changes_nothing(world, channel):
    event = make_event("GOWS", "text", body="Oi!", customer=ANA)
    before = [channel.deliver(event).status_code, world.events()]
    assert [channel.deliver(event).status_code, world.events()] == before
    assert world.rows("select status, times_received from inbound_deliveries") == [
        {"status": "kept", "times_received": 2}
    ]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1)])
def test_a_lid_before_or_after_its_phone_is_one_contact_and_one_chat(world, channel, order):
    events = [
        make_event("GOWS", "text", body="um", customer=ANA, addressing=Addressing.LID, timestamp=1783000000),
        make_event("GOWS", "text", body="dois", customer=ANA, addressing=Addressing.PHONE, timestamp=1783000100),
        make_event(
            "GOWS", "text", body="tres", customer=ANA, addressing=Addressing.LID_WITH_PHONE, timestamp=1783000200
        ),
    ]
    for index in order:
        assert channel.deliver(events[index]).status_code == 200
    assert world.value("select count(*) from contacts where merged_into_id is null") == 1
    assert world.value("select count(*) from chats where status <> 'merged'") == 1
    assert world.value("select count(*) from sessions where status <> 'merged'") == 1
    assert world.value("select count(distinct (chat_id, session_id, contact_id, message_group_id)) from messages") == 1
    assert len(world.rows("select address from chat_addresses")) == 2
