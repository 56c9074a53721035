from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from infra.fakes.waha_events import Addressing, Party, make_ack, make_event
from shared.crm.inbound import receive
from shared.runtime.postgres import BEGIN, pipeline, sql
from tests.functions.webhooks.conftest import ANA, BIA, GROUP, bare_id
from tests.shared.runtime.post import until

FIRST = Party(phone="5511900000000", name="Zoe")


@pytest.fixture
def together(desk, monkeypatch):
    """Deliver events so that all of them wait for one and are then taken in one transaction; gives their statuses."""
    monkeypatch.setattr(receive, "AT_ONCE", 1)
    decide = receive._Reception._decide
    begun, go_on = Event(), Event()

    def slowly(self, seen):
        if b"the first of all" in self.body:
            begun.set()
            assert go_on.wait(30)
        return decide(self, seen)

    monkeypatch.setattr(receive._Reception, "_decide", slowly)

    def deliver(*events):
        queue = receive._gathering(desk.channel.id)._queue
        with ThreadPoolExecutor(len(events) + 1) as threads:
            first = threads.submit(desk.hears, "the first of all", customer=FIRST)
            assert begun.wait(30)
            answers = []
            for count, event in enumerate(events, 1):
                named = {"X-Request-Id": f"request-{count}"}
                answers.append(threads.submit(desk.channel.deliver, event, **named))
                until(lambda count=count: len(queue) == count)
            go_on.set()
            first.result(30)
            return [each.result(30).status_code for each in answers]

    return deliver


def transactions(desk):
    return desk.count("(select distinct xmin::text from inbound_deliveries) as transactions")


def text(body, **said):
    return make_event("GOWS", "text", body=body, **{"customer": ANA, **said})


def test_many_people_and_many_messages_of_one_are_kept_in_one_transaction(desk, together):
    people = [Party(phone=f"55119876{n:05}", name=f"Pessoa {n}") for n in range(4)]
    assert together(*(text(f"{n}", customer=each) for each in people for n in range(3))) == [200] * 12
    assert transactions(desk) == 2
    assert desk.count("messages") == desk.count("inbound_deliveries where status = 'kept'") == 13
    assert [desk.count(table) for table in ("contacts", "chats", "sessions", "message_groups")] == [5] * 4
    assert len(desk.world.tasks()) == 5
    assert len(desk.world.events("message.created")) == 13
    assert desk.count("messages where message_group_id is null or session_id is null") == 0


def test_each_event_names_the_request_that_brought_it(desk, together):
    events = [text("um"), text("dois", customer=BIA), text("três")]
    together(*events)
    ids = {str(desk.message(bare_id(event))["id"]): f"request-{n}" for n, event in enumerate(events, 1)}
    told = {each["data"]["message_id"]: each["correlation_id"] for each in desk.world.events("message.created")}
    assert {message: told[message] for message in ids} == ids
    (task,) = [each for each in desk.world.rows("select body from outbox_tasks") if "request-2" in str(each)]
    assert task["body"]["correlation_id"] == "request-2"


def test_what_fails_fails_alone(desk, together, monkeypatch):
    decide = receive._Reception._decide

    def refuse(self, seen):
        if b"poison" in self.body:
            raise RuntimeError("cannot be decided")
        return decide(self, seen)

    monkeypatch.setattr(receive._Reception, "_decide", refuse)
    assert together(text("um"), text("poison"), text("dois", customer=BIA)) == [200, 500, 200]
    assert desk.count("messages") == desk.count("inbound_deliveries") == 3


def test_the_same_delivery_and_the_same_message_again_are_kept_once(desk, together):
    event = text("um")
    again = {**event, "id": "evt_another", "event": "message.any"}
    assert together(event, event, again) == [200] * 3
    assert transactions(desk) == 2
    assert sorted(desk.deliveries()) == [("duplicate", 1), ("kept", 1), ("kept", 2)]
    assert desk.count("messages") == 2


def test_a_message_what_quotes_it_and_its_receipts_find_each_other(desk, together):
    ours = text("Fechamos às 18h", from_me=True)
    quoting = text("Ok", reply_to=bare_id(ours))
    acks = [make_ack("GOWS", level, message_id=bare_id(ours), customer=ANA) for level in (3, 2)]
    assert together(quoting, acks[0], ours, acks[1]) == [200] * 4
    assert transactions(desk) == 2
    assert desk.message(bare_id(quoting))["quoted_message_id"] == desk.message(bare_id(ours))["id"]
    assert desk.message(bare_id(ours))["status"] == "read"
    assert desk.count("early_events") == 0


def test_people_who_turn_out_to_be_one_become_one(desk, together):
    ways = (Addressing.LID, Addressing.PHONE, Addressing.LID_WITH_PHONE, Addressing.LID)
    events = [text(f"{n}", addressing=way) for n, way in enumerate(ways)]
    assert together(*events, text("aqui", group=GROUP, addressing=Addressing.PHONE)) == [200] * 5
    assert desk.count("contacts where merged_into_id is null and name = 'Ana'") == 1
    assert desk.count("messages") == 6
    assert desk.world.value("select count(distinct sender_contact_id) from messages") == 2


def test_who_is_known_by_names_that_have_nothing_in_common_is_one(desk, together):
    desk.hears("zero", addressing=Addressing.LID_WITH_PHONE)
    assert together(text("um", addressing=Addressing.LID), text("dois", addressing=Addressing.PHONE)) == [200] * 2
    assert transactions(desk) == 3
    assert (
        desk.count("messages where chat_id = (select id from chats where kind = 'individual' order by id limit 1)") == 3
    )


def test_a_chat_that_somebody_holds_keeps_nobody_else_waiting(desk, together, monkeypatch):
    desk.hears("zero")
    held, let_go = Event(), Event()
    with ThreadPoolExecutor(2) as threads:
        holding = threads.submit(hold_the_chat, desk, held, let_go)
        assert held.wait(30)
        delivering = threads.submit(together, text("um"), text("dois", customer=BIA))
        until(lambda: desk.count("messages where text = 'dois'") == 1)
        assert desk.count("messages where text = 'um'") == 0
        let_go.set()
        assert delivering.result(30) == [200, 200]
        holding.result(30)
    assert desk.count("messages") == 4


def hold_the_chat(desk, held, let_go):
    with desk.world.admin.take() as connection:
        pipeline(connection, BEGIN, sql("select id from chats for update"))
        held.set()
        assert let_go.wait(30)
