"""One server has many sessions, and each may deliver to any address: what is another number's stays out."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from infra.fakes.waha_events import Party, make_event, make_status
from shared.crm.inbound.gate import find_gate
from tests.functions.webhooks.conftest import ANA

ELSEWHERE = "another"
OTHERS = Party(phone="5511900000077", lid="177000000000077")
TABLES = ("contacts", "chats", "sessions", "messages", "message_groups", "outbox_events", "outbox_tasks")


def foreign(desk, body="Oi"):
    return make_event(desk.engine, "text", body=body, customer=ANA, session=ELSEWHERE, me=OTHERS)


@pytest.fixture
def connected(desk):
    """A channel whose number is known."""
    desk.connects("WORKING")
    return desk


@pytest.fixture
def any_connected(any_desk):
    any_desk.connects("WORKING")
    return any_desk


def test_it_is_kept_and_warned_of_and_nothing_follows(any_connected, caplog):
    before = [any_connected.count(table) for table in TABLES]
    any_connected.takes(foreign(any_connected))
    assert [any_connected.count(table) for table in TABLES] == before
    assert any_connected.deliveries() == [("kept", 1), ("misdirected", 1)]
    kept = "select problem from inbound_deliveries where status = 'misdirected'"
    assert "another number's session" in any_connected.world.value(kept)
    (line,) = [each for each in caplog.records if "another session" in each.getMessage()]
    assert line.levelname == "WARNING"


def test_it_is_kept_once_however_often_it_comes(connected):
    event = foreign(connected)
    for _ in range(3):
        connected.takes(event)
    assert connected.deliveries() == [("kept", 1), ("misdirected", 3)]


def test_another_sessions_state_is_not_the_channels(any_connected):
    failed = make_status(any_connected.engine, "FAILED", session=ELSEWHERE, me=OTHERS, at=4_000_000_000_000)
    any_connected.takes(failed)
    assert any_connected.world.value("select connection from channels") == "working"


def test_the_state_of_a_session_whose_number_nobody_knows_is_not_the_channels(any_connected):
    waiting = make_status(any_connected.engine, "SCAN_QR_CODE", session=ELSEWHERE, me=None, at=4_000_000_000_000)
    any_connected.takes(waiting)
    assert any_connected.world.value("select connection from channels") == "working"


def test_until_a_number_was_connected_any_session_may_be_the_channels(any_desk):
    any_desk.takes(make_status(any_desk.engine, "SCAN_QR_CODE", session=ELSEWHERE, me=None))
    assert any_desk.world.value("select connection from channels") == "scan_qr_code"


def test_a_session_of_another_name_does_not_say_what_the_channels_number_is(any_desk):
    any_desk.takes(make_status(any_desk.engine, "WORKING", session=ELSEWHERE, me=OTHERS))
    assert any_desk.world.value("select phone from channels") is None
    any_desk.connects("WORKING")
    any_desk.takes(foreign(any_desk))
    assert any_desk.count("messages") == 0


def test_it_makes_no_two_people_one(connected):
    connected.hears(customer=ANA, chat=f"{ANA.phone}@c.us")
    before = connected.world.rows("select * from contact_identities order by value")
    connected.takes(foreign(connected))
    assert connected.world.rows("select * from contact_identities order by value") == before


def test_among_others_that_come_at_once_it_alone_stays_out(connected):
    events = [make_event(connected.engine, "text", body="Oi", customer=ANA) for _ in range(6)]
    events += [foreign(connected) for _ in range(6)]
    with ThreadPoolExecutor(12) as pool:
        assert {each.status_code for each in pool.map(connected.channel.deliver, events)} == {200}
    told = sorted(status for status, _ in connected.deliveries())
    assert told == ["kept"] * 7 + ["misdirected"] * 6
    assert connected.count("messages") == 6


@pytest.mark.parametrize("number_known", [True, False])
def test_a_session_that_was_renamed_is_still_the_channels(desk, number_known):
    if number_known:
        desk.connects("WORKING")
    desk.takes(make_event(desk.engine, "text", body="Oi", customer=ANA, session=ELSEWHERE))
    assert desk.count("messages") == 1


def test_another_number_in_the_channels_own_session_is_the_channels(connected):
    connected.takes(make_event(connected.engine, "text", body="Oi", customer=ANA, me=OTHERS))
    assert connected.count("messages") == 1


def test_a_channel_that_is_set_right_takes_it_at_once(connected, api, tenant):
    connected.hears()
    path = f"/api/v1/crm/channels/{connected.channel.id}"
    assert api.patch(path, {"session_name": ELSEWHERE}, as_=tenant.admin).status_code == 200
    connected.takes(foreign(connected, "Tudo bem?"))
    assert [status for status, _ in connected.deliveries()] == ["kept"] * 3


def test_what_was_kept_before_the_channel_was_set_right_can_be_worked_off(connected, api, tenant):
    connected.takes(foreign(connected))
    path = f"/api/v1/crm/channels/{connected.channel.id}"
    assert api.patch(path, {"session_name": ELSEWHERE}, as_=tenant.admin).status_code == 200
    kept = connected.world.value("select id from inbound_deliveries where status = 'misdirected'")
    again = f"/api/v1/admin/inbound-deliveries/{kept}/reprocess"
    assert api.post(again, as_=tenant.admin).status_code == 200
    assert [status for status, _ in connected.deliveries()] == ["kept"] * 2
    assert connected.count("messages") == 1


def test_a_delivery_that_names_no_session_is_the_channels(any_desk):
    event = make_event(any_desk.engine, "text", body="Oi", customer=ANA)
    del event["session"]
    any_desk.takes(event)
    assert any_desk.deliveries() == [("kept", 1)]


@pytest.mark.parametrize("session", [7, "", None, {"name": "default"}, "default\0", "x" * 5000])
def test_a_session_that_is_garbage_does_no_harm(connected, session):
    connected.takes({**foreign(connected), "session": session})
    assert connected.deliveries()[1][0] in {"kept", "misdirected"}


@pytest.mark.parametrize("me", [7, "", [], {"id": {"id": 1}}, {"id": "\ud800@c.us"}, {"id": "9" * 5000}])
def test_a_number_that_is_garbage_does_no_harm(connected, me):
    connected.takes({**foreign(connected), "me": me})
    assert connected.deliveries()[1][0] == "kept"


def test_the_gate_that_is_remembered_knows_the_session(desk):
    token = desk.channel.path.rpartition("/")[2]
    assert find_gate(token).session_name == desk.channel.session_name
