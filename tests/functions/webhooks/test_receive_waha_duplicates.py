import base64

import pytest

from infra.fakes.waha_events import make_ack, make_event, make_status
from shared.crm.inbound.gate import find_gate
from shared.crm.inbound.receive import receive
from shared.providers.waha.envelope import read_delivery
from tests.functions.webhooks.conftest import ANA, bare_id

TABLES = ("contacts", "contact_identities", "chats", "sessions", "messages", "message_groups", "outbox_tasks")


def state(desk):
    """All rows that mean something, and all that was said of them."""
    rows = {table: desk.world.rows(f"select * from {table} order by 1, 2, 3, 4") for table in TABLES}
    for row in rows["messages"]:
        row.pop("updated_at")
    return rows, desk.world.events()


def an_event(engine, kind):
    if kind == "ack":
        return make_ack(engine, 3, message_id="3EB0A1", customer=ANA)
    if kind == "status":
        return make_status(engine, "WORKING")
    return make_event(engine, "text", body="Oi", customer=ANA, from_me=kind == "own")


@pytest.mark.parametrize("kind", ["text", "own", "ack", "status"])
def test_a_retry_changes_nothing(any_desk, kind):
    event = an_event(any_desk.engine, kind)
    any_desk.takes(event)
    before = state(any_desk)
    for _ in range(3):
        any_desk.takes(event)
    assert state(any_desk) == before
    assert any_desk.deliveries() == [("kept", 4)]


@pytest.mark.parametrize("first", ["message", "message.any"])
@pytest.mark.parametrize("from_me", [True, False])
def test_message_beside_message_any_is_one_message(any_desk, first, from_me):
    event = make_event(any_desk.engine, "text", body="Oi", customer=ANA, from_me=from_me, event=first)
    second = {"message": "message.any", "message.any": "message"}[first]
    any_desk.takes(event)
    before = state(any_desk)
    any_desk.takes({**event, "event": second, "id": "evt_01k00000000000000000000002"})
    after = state(any_desk)
    assert after[1] == before[1]
    assert [len(rows) for rows in after[0].values()] == [len(rows) for rows in before[0].values()]
    assert any_desk.deliveries() == [("kept", 1), ("duplicate", 1)]
    told = any_desk.world.rows("select distinct message_id, contact_id from inbound_deliveries")
    assert len(told) == 1


def test_an_event_id_counts_once_whatever_comes_under_it(any_desk):
    event = make_event(any_desk.engine, "text", body="Oi", customer=ANA)
    other = make_event(any_desk.engine, "text", body="Outra coisa", customer=ANA)
    any_desk.takes(event)
    before = state(any_desk)
    any_desk.takes({**other, "id": event["id"]})
    assert state(any_desk) == before
    assert any_desk.deliveries() == [("kept", 2)]


def test_old_releases_give_no_event_id_and_are_known_by_their_body(any_desk):
    event = make_event(any_desk.engine, "text", body="Oi", customer=ANA)
    del event["id"]
    any_desk.takes(event)
    any_desk.takes(event)
    any_desk.takes({**event, "timestamp": event["timestamp"] + 1})
    assert any_desk.deliveries() == [("kept", 2), ("duplicate", 1)]
    assert any_desk.count("messages") == 1


def test_the_same_id_on_another_channel_is_another_message(open_desk):
    desk, other = open_desk(), open_desk(session_name="outra")
    event = make_event("GOWS", "text", body="Oi", customer=ANA)
    for each in (desk, other):
        each.takes(event)
    assert desk.count("messages") == 2
    assert desk.deliveries() == [("kept", 1), ("kept", 1)]


@pytest.mark.parametrize("name", ["engine.event", "something.new", "x" * 255])
def test_events_nobody_handles_are_kept_and_answered(any_desk, name):
    event = {**make_event(any_desk.engine, "text", body="Oi", customer=ANA), "event": name}
    any_desk.takes(event)
    any_desk.takes(event)
    assert any_desk.deliveries() == [("unhandled", 2)]
    assert any_desk.count("messages") == 0
    assert any_desk.world.value("select event from inbound_deliveries") == name[:100]


def again(desk):
    """As an operator has a kept delivery worked off once more."""
    body = base64.b64decode(desk.world.value("select encode(body, 'base64') from inbound_deliveries"))
    gate = find_gate(desk.channel.path.rsplit("/", 1)[1])
    key = desk.world.value("select delivery_key from inbound_deliveries")
    receive(gate, body, read_delivery(body), again=key)


def test_working_off_a_kept_delivery_once_more_changes_nothing(any_desk):
    event = any_desk.takes(make_event(any_desk.engine, "text", body="Oi", customer=ANA))
    before = state(any_desk)
    again(any_desk)
    assert state(any_desk) == before
    (row,) = any_desk.world.rows("select status, times_received, reprocessed_at, message_id from inbound_deliveries")
    assert (row["status"], row["times_received"]) == ("kept", 1)
    assert row["reprocessed_at"]
    assert row["message_id"] == any_desk.message(bare_id(event))["id"]


def test_working_off_what_was_not_understood_makes_the_message(any_desk):
    event = any_desk.takes(make_event(any_desk.engine, "text", body="Oi", customer=ANA))
    any_desk.world.run("update inbound_deliveries set status = 'failed', problem = 'not understood', message_id = null")
    for table in ("outbox_tasks", "outbox_events", "messages", "message_groups", "sessions"):
        any_desk.world.run(f"delete from {table}")
    again(any_desk)
    (row,) = any_desk.world.rows("select status, problem, message_id from inbound_deliveries")
    assert row == {"status": "kept", "problem": None, "message_id": any_desk.message(bare_id(event))["id"]}


@pytest.mark.parametrize("request_ids", [("a1", "a1"), ("a1", "b2"), ("a1", None)])
def test_a_redelivery_without_ids_is_known_by_its_body_whatever_its_request_is_called(any_desk, request_ids):
    """The header is not signed, so that it neither makes two of one nor one of two."""
    presence = {"id": f"{ANA.phone}@c.us", "presences": [{"participant": f"{ANA.phone}@c.us", "lastSeen": None}]}
    event = {"event": "presence.update", "session": "default", "engine": any_desk.engine, "payload": presence}
    for name in request_ids:
        headers = {"X-Webhook-Request-Id": name} if name else {}
        assert any_desk.channel.deliver(event, **headers).status_code == 200
    other = {**event, "payload": {**presence, "id": "5511900000001@c.us"}}
    assert any_desk.channel.deliver(other, **{"X-Webhook-Request-Id": "a1"}).status_code == 200
    assert [times for _, times in any_desk.deliveries()] == [2, 1]
