from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from random import Random
from threading import Barrier, Event

import pytest

from infra.fakes.waha_events import Addressing, Party, make_ack, make_event
from shared.crm.inbound import others, receive
from shared.crm.inbound.progress import take_following
from shared.kernel.inbound import Receipt
from tests.functions.webhooks.conftest import ANA, GROUP, bare_id

PEOPLE = [Party(phone=f"55119876{n:05}", lid=f"1000000000001{n:02}", name=f"Pessoa {n}") for n in range(1, 9)]


def at_once(desk, events):
    """Deliver each event in a thread of its own, all from the same moment on."""
    start = Barrier(len(events))

    def deliver(event):
        start.wait(timeout=60)
        return desk.channel.deliver(event).status_code

    with ThreadPoolExecutor(len(events)) as threads:
        answers = list(threads.map(deliver, events))
    assert answers == [200] * len(events)


def texts(people, count, **said):
    return [
        make_event("GOWS", "text", body=f"{person.name} {n}", customer=person, **said)
        for person in people
        for n in range(count)
    ]


def test_the_first_messages_of_new_people_make_each_of_them_once(desk):
    at_once(desk, texts(PEOPLE, 4))
    assert [desk.count(table) for table in ("contacts", "chats", "sessions", "message_groups")] == [8, 8, 8, 8]
    assert desk.count("messages") == desk.count("inbound_deliveries") == 32
    rows = desk.world.rows("select chat_id, contact_id, session_id, message_group_id from messages order by 1")
    for _, burst in groupby(rows, key=lambda row: row["chat_id"]):
        members = list(burst)
        assert members == [members[0]] * 4
    assert len(desk.world.tasks()) == 8
    assert len(desk.world.events("contact.created")) == len(desk.world.events("session.started")) == 8


@pytest.mark.parametrize("seed", range(3))
def test_people_known_in_several_ways_become_one_each(desk, seed):
    ways = (Addressing.LID, Addressing.PHONE, Addressing.LID_WITH_PHONE, Addressing.LID_WITH_PHONE)
    events = [each for way in ways for each in texts(PEOPLE, 1, addressing=way)]
    Random(seed).shuffle(events)
    at_once(desk, events)
    assert desk.count("contacts where merged_into_id is null") == desk.count("chats where status <> 'merged'") == 8
    assert desk.count("messages") == 32
    together = (
        "select count(distinct (chat_id, contact_id, sender_contact_id, session_id, message_group_id)) from messages"
    )
    assert desk.world.value(together) == 8
    assert desk.count("sessions where status = 'open'") == desk.count("message_groups where status = 'pending'") == 8
    assert desk.count("chat_addresses") == 16


def test_people_who_write_in_a_group_and_alone_at_once_are_one_each(desk):
    alone = texts(PEOPLE, 1, addressing=Addressing.LID_WITH_PHONE)
    together = texts(PEOPLE, 1, addressing=Addressing.LID, group=GROUP)
    again = texts(PEOPLE, 2, addressing=Addressing.PHONE, group=GROUP)
    at_once(desk, [*alone, *together, *again])
    assert desk.count("contacts where merged_into_id is null") == 8
    assert desk.count("chat_participants") == 8
    assert desk.world.value("select count(distinct sender_contact_id) from messages") == 8
    assert desk.count("sessions where status = 'open'") == 9


def test_one_delivery_sixteen_times_is_one_message(desk):
    at_once(desk, [make_event("GOWS", "text", body="Oi", customer=ANA)] * 16)
    assert desk.count("messages") == desk.count("contacts") == desk.count("outbox_tasks") == 1
    assert desk.deliveries() == [("kept", 16)]


def test_one_message_under_sixteen_events_is_one_message(desk):
    event = make_event("GOWS", "text", body="Oi", customer=ANA)
    at_once(desk, [{**event, "id": f"evt_{n}", "event": ("message", "message.any")[n % 2]} for n in range(16)])
    assert desk.count("messages") == desk.count("sessions") == 1
    assert sorted(desk.deliveries()) == [("duplicate", 1)] * 15 + [("kept", 1)]
    assert len(desk.world.events("message.created")) == 1


def test_acks_that_race_with_their_message_are_not_lost(desk):
    ours = [make_event("GOWS", "text", body=f"{n}", customer=ANA, from_me=True) for n in range(8)]
    acks = [make_ack("GOWS", level, message_id=bare_id(event), customer=ANA) for event in ours for level in (1, 2, 3)]
    events = [*ours, *acks]
    Random(1).shuffle(events)
    at_once(desk, events)
    assert desk.world.rows("select distinct status from messages") == [{"status": "read"}]
    assert desk.count("messages") == 8
    assert desk.count("early_events") == 0


def test_a_quote_and_what_it_quotes_find_each_other_in_any_race(desk):
    pairs = []
    for person in PEOPLE:
        quoted = make_event("GOWS", "text", body="Fechamos às 18h?", customer=person)
        pairs += [quoted, make_event("GOWS", "text", body="Sim", customer=person, reply_to=bare_id(quoted))]
    at_once(desk, pairs)
    assert desk.count("messages where quoted_external_id is not null and quoted_message_id is not null") == 8


def test_messages_of_both_sides_at_once_leave_one_session_that_a_person_holds(desk):
    desk.hears()
    events = [make_event("GOWS", "text", body=f"{n}", customer=ANA, from_me=bool(n % 4 == 0)) for n in range(16)]
    at_once(desk, events)
    assert desk.count("messages") == 17
    assert desk.world.rows("select status, held_by from sessions") == [{"status": "open", "held_by": "human"}]


def test_states_of_a_channel_race_without_harm(desk):
    events = [{**make_event("GOWS", "text", body="x", customer=each)} for each in PEOPLE]
    for n in range(8):
        desk_event = make_ack("GOWS", 1, message_id=f"3EB0{n}", customer=ANA)
        events.append(
            {
                **desk_event,
                "event": "session.status",
                "payload": {"status": f"S{n}"},
                "timestamp": 1_783_000_000_000 + n,
            }
        )
    at_once(desk, events)
    assert desk.world.value("select connection from channels") == "s7"


@pytest.fixture
def meanwhile(desk, monkeypatch):
    """Lets something else happen after the next receipt has read what it is about, and before it writes."""

    def arrange(happens):
        pending = [happens]

        def slowly(*read):
            while pending:
                pending.pop()()
            return take_following(*read)

        monkeypatch.setitem(others._TAKE, Receipt, slowly)

    return arrange


def test_a_receipt_does_not_carry_a_message_back_to_a_session_that_is_gone(desk, meanwhile):
    noon = int(desk.world.now().timestamp()) - 5 * 86_400
    desk.hears("um", timestamp=noon)
    ours = desk.writes("três", timestamp=noon + 2 * 86_400)
    meanwhile(lambda: desk.hears("dois", timestamp=noon + 86_400))
    desk.acks(ours, 3)
    (session,) = desk.world.rows("select id from sessions where status <> 'merged'")
    assert desk.message(ours)["session_id"] == session["id"]
    assert desk.message(ours)["status"] == "read"


def test_nor_to_a_contact_and_a_chat_that_are_gone(desk, meanwhile):
    desk.hears("um", addressing=Addressing.LID)
    ours = desk.writes("dois")
    meanwhile(lambda: desk.hears("três", addressing=Addressing.LID_WITH_PHONE))
    desk.acks(ours, 3)
    (chat,) = desk.world.rows("select id, contact_id from chats where status <> 'merged'")
    message = desk.message(ours)
    assert (message["chat_id"], message["contact_id"], message["status"]) == (chat["id"], chat["contact_id"], "read")


def test_nor_does_it_cut_a_reply_from_what_it_quotes(desk, meanwhile):
    quoted = make_event("GOWS", "text", body="Fechamos às 18h?", customer=ANA)
    reply = desk.writes("Sim", reply_to=bare_id(quoted))
    meanwhile(lambda: desk.takes(quoted))
    desk.acks(reply, 3)
    assert desk.message(reply)["quoted_message_id"] == desk.message(bare_id(quoted))["id"]
    assert desk.message(reply)["status"] == "read"


def test_nobody_writes_as_a_contact_that_is_becoming_another(desk, monkeypatch):
    """Two payloads may name one contact by names that have nothing in common."""
    desk.hears("um", group=GROUP, addressing=Addressing.LID)
    desk.hears("dois", group=GROUP, addressing=Addressing.PHONE)
    second = Party(phone="5531988887777", name="Ana")
    desk.world.run(
        "insert into contact_identities (tenant_id, project_id, kind, value, contact_id) "
        "select tenant_id, project_id, 'phone', '+5531988887777', contact_id from contact_identities "
        "where value = '+5511987654321'"
    )
    reading, merged = Event(), Event()
    decide = receive._Reception._decide

    def slowly(self, seen):
        if b"terceira" in self.body:
            reading.set()
            merged.wait(timeout=1)  # it cannot be, if all is well
        return decide(self, seen)

    monkeypatch.setattr(receive._Reception, "_decide", slowly)
    with ThreadPoolExecutor(2) as threads:
        writing = threads.submit(lambda: desk.hears("terceira", group="120363000000000002@g.us", customer=second))
        assert reading.wait(timeout=30)
        desk.hears("quatro", group=GROUP, addressing=Addressing.LID_WITH_PHONE)
        merged.set()
        writing.result()
    senders = desk.world.rows("select distinct sender_contact_id as id from messages")
    assert senders == desk.world.rows("select id from contacts where merged_into_id is null")
