import itertools

import pytest

from infra.fakes.waha_events import make_ack, make_event
from tests.functions.webhooks.conftest import ANA, BIA, GROUP, bare_id

NAMES = {1: "sent", 2: "delivered", 3: "read", 4: "played"}
_RECEIPTS = """
select c.name, r.level from message_receipts r join contacts c on c.id = r.contact_id
where r.message_id = :id order by c.name
"""


def receipts(desk, message_id):
    rows = desk.world.rows(_RECEIPTS, id=desk.message(message_id)["id"])
    return [(row["name"], row["level"]) for row in rows]


@pytest.mark.parametrize("levels", [(1, 2, 3), (3, 2, 1), (2,), (4, 1), (3, 3)])
def test_a_status_goes_forward_only(any_desk, levels):
    sent = any_desk.writes()
    for level in levels:
        any_desk.acks(sent, level)
    assert any_desk.message(sent)["status"] == NAMES[max(levels)]


@pytest.mark.parametrize("order", list(itertools.permutations([2, 3, "message"])))
def test_acks_may_come_before_their_message(any_desk, order):
    event = make_event(any_desk.engine, "text", body="Já vejo", customer=ANA, from_me=True)
    for step in order:
        if step == "message":
            any_desk.takes(event)
        else:
            any_desk.acks(bare_id(event), step)
    assert any_desk.message(bare_id(event))["status"] == "read"
    assert any_desk.count("early_events") == 0


@pytest.mark.parametrize(
    ("levels", "status"), [((-1,), "failed"), ((1, -1), "failed"), ((-1, 1), "failed"), ((2, -1), "delivered")]
)
@pytest.mark.parametrize("early", [True, False])
def test_a_failure_counts_only_up_to_sent(any_desk, levels, status, early):
    event = make_event(any_desk.engine, "text", body="Já vejo", customer=ANA, from_me=True)
    if not early:
        any_desk.takes(event)
    for level in levels:
        any_desk.acks(bare_id(event), level)
    any_desk.takes(event)
    # The same message once more, as another event.
    any_desk.takes({**event, "id": "evt_01k0000000000000000000again", "event": "message"})
    assert any_desk.message(bare_id(event))["status"] == status


def test_an_ack_of_nothing_new_changes_nothing(any_desk):
    sent = any_desk.writes()
    any_desk.acks(sent, 3)
    before = any_desk.message(sent), any_desk.world.events()
    for level in (0, 1, 2):
        any_desk.acks(sent, level)
    after = any_desk.message(sent), any_desk.world.events()
    assert (after[0]["status"], after[0]["read_at"]) == (before[0]["status"], before[0]["read_at"])
    assert after[1] == before[1]


@pytest.mark.parametrize("early", [True, False])
def test_an_ack_on_a_customers_message_says_that_we_read_it(any_desk, early):
    event = make_event(any_desk.engine, "text", body="Oi", customer=ANA)
    ack = make_ack(any_desk.engine, 3, message_id=bare_id(event), customer=ANA, from_me=False)
    for each in (ack, event) if early else (event, ack):
        any_desk.takes(each)
    message = any_desk.message(bare_id(event))
    assert (message["status"], message["direction"]) == ("received", "inbound")
    assert message["read_at"]
    assert len(any_desk.world.events("message.read")) == 1


def test_whose_message_it_is_our_own_row_says(any_desk):
    """The flag lies on one engine, so it must not decide."""
    sent, heard = any_desk.writes(), any_desk.hears()
    for message_id, from_me in ((sent, False), (heard, True)):
        ack = make_ack(any_desk.engine, 3, message_id=message_id, customer=ANA, from_me=from_me)
        any_desk.takes(ack)
    assert any_desk.message(sent)["status"] == "read"
    assert any_desk.message(heard)["status"] == "received"
    assert any_desk.message(heard)["read_at"]


@pytest.mark.parametrize("early", [True, False])
@pytest.mark.parametrize("levels", [(2, 3), (3, 2)])
def test_receipts_of_a_group_are_kept_by_person(any_desk, early, levels):
    any_desk.hears("Oi", group=GROUP)
    any_desk.hears("Olá", group=GROUP, customer=BIA)
    event = make_event(any_desk.engine, "text", body="Bom dia", group=GROUP, from_me=True)
    acks = [make_ack(any_desk.engine, n, message_id=bare_id(event), group=GROUP, reader=ANA) for n in levels]
    acks.append(make_ack(any_desk.engine, 2, message_id=bare_id(event), group=GROUP, reader=BIA))
    for each in (*acks, event) if early else (event, *acks):
        any_desk.takes(each)
    assert receipts(any_desk, bare_id(event)) == [("Ana", 3), ("Bia", 2)]
    assert any_desk.message(bare_id(event))["status"] == "sent"
    assert any_desk.count("early_events") == 0


def test_a_receipt_remembers_when_its_own_level_was_reached(desk):
    sent = desk.writes(group=GROUP)
    for level, at in ((3, 1783000300), (2, 1783000200), (3, 1783000250)):
        event = make_ack("GOWS", level, message_id=sent, group=GROUP, reader=ANA)
        desk.takes({**event, "timestamp": at * 1000})
    (row,) = desk.world.rows("select level, extract(epoch from at)::bigint as at from message_receipts")
    assert row == {"level": 3, "at": 1783000250}


@pytest.mark.parametrize("early", [True, False])
def test_reading_what_others_wrote_in_a_group_is_no_receipt_of_theirs(any_desk, early):
    event = make_event(any_desk.engine, "text", body="Oi", group=GROUP, customer=ANA)
    ack = make_ack(any_desk.engine, 3, message_id=bare_id(event), group=GROUP, reader=BIA, from_me=False)
    for each in (ack, event) if early else (event, ack):
        any_desk.takes(each)
    assert any_desk.message(bare_id(event))["read_at"]
    assert any_desk.count("message_receipts") == any_desk.count("early_events") == 0
    assert [row["name"] for row in any_desk.world.rows("select name from contacts")] == ["Ana"]


def test_one_receipt_may_cover_several_messages(desk):
    sent = [desk.writes(f"mensagem {number}") for number in range(3)]
    event = make_ack("GOWS", 3, message_id=sent[0], customer=ANA)
    event["payload"]["_data"]["MessageIDs"] = [*sent, "3EB0NOTYETHERE"]
    desk.takes(event)
    desk.takes(event)
    assert [desk.message(each)["status"] for each in sent] == ["read"] * 3
    assert desk.world.value("select external_id from early_events") == "3EB0NOTYETHERE"
    # One delivery is one row, kept in one transaction.
    assert desk.deliveries()[3:] == [("kept", 2)]


def test_a_receipt_does_not_bring_a_deleted_person_back(any_desk):
    any_desk.hears("Oi", group=GROUP)
    sent = any_desk.writes(group=GROUP)
    any_desk.world.run("update contacts set deleted_at = now()")
    any_desk.acks(sent, 3, group=GROUP, reader=ANA)
    assert any_desk.world.value("select deleted_at is not null from contacts") is True
    assert receipts(any_desk, sent) == [("Ana", 3)]


def test_whoever_reads_in_a_group_without_ever_writing_is_a_contact(any_desk):
    sent = any_desk.writes(group=GROUP)
    any_desk.acks(sent, 2, group=GROUP, reader=BIA)
    any_desk.hears("Oi", group=GROUP, customer=BIA)
    assert any_desk.count("contacts") == 1
    assert receipts(any_desk, sent) == [("Bia", 2)]


def test_an_ack_that_says_nothing_is_kept_as_failed(any_desk):
    event = make_ack(any_desk.engine, 3, message_id="3EB0A", customer=ANA)
    event["payload"] |= {"ack": None, "ackName": "UNKNOWN"}
    any_desk.takes(event)
    assert any_desk.deliveries() == [("failed", 1)]
    assert any_desk.world.value("select problem from inbound_deliveries") is not None
