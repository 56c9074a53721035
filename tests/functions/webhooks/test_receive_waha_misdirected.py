"""One server has many sessions, and each may deliver to any address: what is another session's stays out."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from infra.fakes.waha_events import make_event, make_status
from shared.crm.inbound.gate import find_gate
from tests.functions.webhooks.conftest import ANA

ELSEWHERE = "another"
TABLES = ("contacts", "chats", "sessions", "messages", "message_groups", "outbox_events", "outbox_tasks")


def foreign(desk, body="Oi"):
    return make_event(desk.engine, "text", body=body, customer=ANA, session=ELSEWHERE)


def test_it_is_kept_and_warned_of_and_nothing_follows(any_desk, caplog):
    any_desk.takes(foreign(any_desk))
    assert [any_desk.count(table) for table in TABLES] == [0] * len(TABLES)
    assert any_desk.deliveries() == [("misdirected", 1)]
    assert "another session" in any_desk.world.value("select problem from inbound_deliveries")
    (line,) = [each for each in caplog.records if "another session" in each.getMessage()]
    assert line.levelname == "WARNING"


def test_it_is_kept_once_however_often_it_comes(any_desk):
    event = foreign(any_desk)
    for _ in range(3):
        any_desk.takes(event)
    assert any_desk.deliveries() == [("misdirected", 3)]


def test_another_sessions_state_is_not_the_channels(any_desk):
    any_desk.connects("WORKING")
    any_desk.takes(make_status(any_desk.engine, "FAILED", session=ELSEWHERE, at=4_000_000_000_000))
    assert any_desk.world.value("select connection from channels") == "working"


def test_it_makes_no_two_people_one(desk):
    desk.hears(customer=ANA, chat=f"{ANA.phone}@c.us")
    before = desk.world.rows("select * from contact_identities order by value")
    desk.takes(foreign(desk))
    assert desk.world.rows("select * from contact_identities order by value") == before


def test_among_others_that_come_at_once_it_alone_stays_out(desk):
    events = [make_event(desk.engine, "text", body="Oi", customer=ANA) for _ in range(6)]
    events += [foreign(desk) for _ in range(6)]
    with ThreadPoolExecutor(12) as pool:
        assert {each.status_code for each in pool.map(desk.channel.deliver, events)} == {200}
    assert sorted(status for status, _ in desk.deliveries()) == ["kept"] * 6 + ["misdirected"] * 6
    assert desk.count("messages") == 6


def test_a_session_that_was_renamed_is_the_channels_at_once(desk, api, tenant):
    desk.hears()
    path = f"/api/v1/crm/channels/{desk.channel.id}"
    assert api.patch(path, {"session_name": ELSEWHERE}, as_=tenant.admin).status_code == 200
    desk.takes(foreign(desk, "Tudo bem?"))
    assert desk.deliveries() == [("kept", 1), ("kept", 1)]


def test_what_was_kept_before_the_channel_was_set_right_can_be_worked_off(desk, api, tenant):
    desk.takes(foreign(desk))
    path = f"/api/v1/crm/channels/{desk.channel.id}"
    assert api.patch(path, {"session_name": ELSEWHERE}, as_=tenant.admin).status_code == 200
    kept = desk.world.value("select id from inbound_deliveries")
    again = f"/api/v1/admin/inbound-deliveries/{kept}/reprocess"
    assert api.post(again, as_=tenant.admin).status_code == 200
    assert (desk.deliveries(), desk.count("messages")) == ([("kept", 1)], 1)


def test_a_delivery_that_names_no_session_is_the_channels(any_desk):
    event = make_event(any_desk.engine, "text", body="Oi", customer=ANA)
    del event["session"]
    any_desk.takes(event)
    assert any_desk.deliveries() == [("kept", 1)]


@pytest.mark.parametrize("session", [7, "", None, {"name": "default"}, "default\0", "x" * 5000])
def test_a_session_that_is_garbage_does_no_harm(any_desk, session):
    any_desk.takes({**foreign(any_desk), "session": session})
    assert any_desk.deliveries()[0][0] in {"kept", "misdirected"}


def test_the_gate_that_is_remembered_knows_the_session(desk):
    token = desk.channel.path.rpartition("/")[2]
    assert find_gate(token).session_name == desk.channel.session_name
