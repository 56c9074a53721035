"""What an import takes in besides messages, and what it leaves alone."""

from datetime import timedelta

from infra.fakes import waha_history
from infra.fakes.waha_events import Addressing, Said, envelope, make_ack, make_event, payload
from infra.fakes.waha_history import Kept
from tests.support.calls import tell, tick
from tests.support.shop import ANA

DAY = 86_400


def session_rows(world):
    return world.rows(
        "select status, close_reason, held_by, started_at, last_message_at from sessions order by started_at"
    )


def test_a_contact_is_made_and_learns_its_name(small, world):
    small.keeps("oi", 5 * DAY, from_me=True)
    small.keeps("olá", 4 * DAY)
    small.fetches()
    (contact,) = world.rows("select name, source from contacts")
    assert contact == {"name": "Ana", "source": "import"}
    found = world.rows("select kind, value, is_variant from contact_identities order by is_variant")
    assert found == [
        {"kind": "phone", "value": "+5511987654321", "is_variant": False},
        {"kind": "phone", "value": "+551187654321", "is_variant": True},
    ]


def test_a_contact_that_is_known_stays_and_is_found_by_any_spelling(small, world, api):
    body = {"phone": "+551187654321", "name": "Ana Lima"}
    known = api.post("/api/v1/crm/contacts", body, as_=small.shop.tenant.agent).json["id"]
    small.keeps("oi", 5 * DAY)
    small.fetches()
    assert world.rows("select id, name from contacts") == [{"id": known, "name": "Ana Lima"}]


def test_a_hidden_id_is_resolved_by_the_servers_list(small, world):
    small.archive.phones[ANA.lid] = ANA.phone
    small.shop.hears("agora")
    small.keeps("oi", 5 * DAY, addressing=Addressing.LID)
    small.fetches()
    assert small.count("contacts where merged_into_id is null") == 1
    assert small.count("chats where status <> 'merged'") == 1
    assert {row["kind"] for row in world.rows("select kind from contact_identities")} == {"phone", "lid"}


def test_a_chat_that_has_another_name_now_is_known_by_its_messages(small, world):
    said = small.keeps("oi", 5 * DAY, addressing=Addressing.LID)
    small.keeps("de novo", 4 * DAY, addressing=Addressing.LID)
    by_phone = Said(**{name: getattr(said, name) for name in said.__slots__} | {"addressing": Addressing.PHONE})
    told = envelope("GOWS", "message.any", "s", payload("GOWS", by_phone))
    assert small.shop.channel.deliver(told).status_code == 200
    small.fetches()
    assert small.count("contacts") == small.count("chats") == 1
    assert [row["text"] for row in small.messages()] == ["oi", "de novo"]


def test_a_deleted_contact_comes_back_only_for_what_was_written_since(small, world):
    small.keeps("antes", 5 * DAY)
    small.fetches()
    world.run("update contacts set deleted_at = now() - interval '3 days'")
    small.keeps("ainda antes", 4 * DAY)
    small.fetches(since=(world.now() - timedelta(days=10)).isoformat())
    assert small.count("contacts where deleted_at is null") == 0
    small.keeps("depois", 2 * DAY)
    small.fetches(since=(world.now() - timedelta(days=10)).isoformat())
    assert small.count("contacts where deleted_at is null") == 1


def test_sessions_are_cut_as_live_ones_are(small, world):
    for ago in (5 * DAY, 5 * DAY - 3600, 3 * DAY):
        small.keeps("oi", ago)
    small.keeps("já vejo", 3 * DAY - 60, from_me=True, ack=3)
    small.fetches()
    rows = session_rows(world)
    assert [(row["status"], row["close_reason"], row["held_by"]) for row in rows] == [
        ("closed", "timeout", "bot"),
        ("closed", "timeout", "human"),
    ]


def test_a_talk_that_goes_on_is_open_and_told_of(small, world):
    small.keeps("oi", 3600)
    small.fetches()
    assert [row["status"] for row in session_rows(world)] == ["open"]
    assert [event["event_type"] for event in world.events() if "session" in event["event_type"]] == ["session.started"]


def test_two_sessions_become_one_by_what_lay_between(small, world):
    for ago in (4 * DAY - 3600, 2 * DAY + 3600):
        event = make_event("GOWS", "text", body="oi", customer=ANA, timestamp=int(world.now().timestamp()) - ago)
        assert small.shop.channel.deliver(event).status_code == 200
    assert tick("sweep_sessions") == 204
    small.works()
    small.keeps("entre", 3 * DAY)
    small.keeps("antes", 4 * DAY + 600)
    small.fetches()
    (row,) = world.rows("select * from sessions where status <> 'merged'")
    assert small.count(f"messages where session_id = '{row['id']}'") == 4
    assert [event["event_type"] for event in world.events("session.merged")] == ["session.merged"]


def test_what_we_had_sent_is_the_default_agents(small, world):
    small.keeps("oi", 5 * DAY)
    small.keeps("já vejo", 5 * DAY - 60, from_me=True, ack=3)
    small.fetches()
    rows = world.rows("select direction, sender_kind, agent_id from messages order by sent_at")
    assert [row["sender_kind"] for row in rows] == ["contact", "phone"]
    assert [row["agent_id"] for row in rows] == [None, str(small.shop.channel.agent_id)]


def test_what_may_still_be_answered_comes_as_if_delivered(small, world):
    small.keeps("antiga", 2 * 3600)
    small.keeps("agora", 60)
    small.asks()
    world.drain()
    assert small.count("message_groups") == 1
    rows = world.rows("select text, message_group_id is not null as grouped from messages order by sent_at")
    assert rows == [{"text": "antiga", "grouped": False}, {"text": "agora", "grouped": True}]


def test_the_webhook_that_comes_after_the_import_is_a_duplicate(small, world):
    said = small.keeps("agora", 60)
    small.asks()
    world.drain()
    told = envelope("GOWS", "message.any", "s", payload("GOWS", said))
    assert small.shop.channel.deliver(told).status_code == 200
    assert small.count("messages") == 1
    assert small.count("inbound_deliveries where status = 'duplicate'") == 1


def test_a_status_that_was_missed_is_caught_up_with(small, world):
    said = small.keeps("já vejo", 5 * DAY, from_me=True, ack=3)
    told = envelope("GOWS", "message.any", "s", payload("GOWS", said))
    assert small.shop.channel.deliver(told).status_code == 200
    assert [row["status"] for row in small.messages()] == ["sent"]
    small.fetches()
    assert [row["status"] for row in small.messages()] == ["read"]
    assert [event["event_type"] for event in world.events("message.read")] == ["message.read"]


def test_a_receipt_that_came_first_waited_for_the_message(small, world, api):
    said = small.keeps("já vejo", 5 * DAY, from_me=True, ack=1)
    ack = make_ack("GOWS", 3, customer=ANA, message_id=said.message_id)
    assert small.shop.channel.deliver(ack).status_code == 200
    small.fetches()
    assert [row["status"] for row in small.messages()] == ["read"]
    assert small.count("early_events") == 0


def test_answers_find_what_they_answer_whichever_came_first(small, world):
    first = small.keeps("pergunta", 5 * DAY)
    small.keeps("resposta", 5 * DAY - 60, from_me=True, reply_to=first.message_id)
    later = make_event(
        "GOWS",
        "text",
        body="e isto?",
        customer=ANA,
        reply_to=first.message_id,
        timestamp=int(world.now().timestamp()) - 3 * DAY,
    )
    assert small.shop.channel.deliver(later).status_code == 200
    small.fetches()
    rows = world.rows(
        "select m.text, q.text as quoted from messages m left join messages q on q.id = m.quoted_message_id"
    )
    assert sorted((row["text"], row["quoted"]) for row in rows) == [
        ("e isto?", "pergunta"),
        ("pergunta", None),
        ("resposta", "pergunta"),
    ]


def test_an_own_message_takes_a_talk_that_goes_on_from_the_bot(small, world):
    small.shop.hears("oi")
    small.keeps("eu cuido", 3600, from_me=True)
    small.asks()
    world.drain()
    assert [row["held_by"] for row in session_rows(world)] == ["human"]


def test_a_send_whose_outcome_was_unknown_is_found(open_past, world):
    past = open_past("WEBJS", chats=1, messages=1)
    past.archive._chats.clear()
    past.shop.hears("oi")
    message_id = past.shop.says("Bom dia!")
    long_ago = "claimed_at = now() - interval '2 hours', sent_at = now() - interval '2 hours'"
    world.run(f"update messages set status = 'unknown', {long_ago} where id = :id", id=message_id)
    at = int(world.now().timestamp()) - 7200
    past.archive.add(
        Kept(said=Said(body="Bom dia!", from_me=True, customer=ANA, message_id="REAL", timestamp=at), ack=2)
    )
    past.asks()
    world.drain(tolerate=True)
    rows = world.rows("select id, status, external_id from messages where direction = 'outbound'")
    assert rows == [{"id": str(message_id), "status": "delivered", "external_id": "REAL"}]


def test_a_row_that_cannot_be_understood_is_kept_and_counted(small, world, monkeypatch):
    small.keeps("oi", 5 * DAY)
    shown = waha_history._shown

    def garbled(*told):
        row = shown(*told)
        return {**row, "id": None, "_data": {}} if "fromMe" in row else row

    monkeypatch.setattr(waha_history, "_shown", garbled)
    status = small.fetches()
    assert (status["status"], status["unread"], status["added"]) == ("completed", 1, 0)
    assert small.count("inbound_deliveries where status = 'failed'") == 1
    small.fetches()
    assert small.count("inbound_deliveries where status = 'failed'") == 1


def test_pages_told_twice_are_counted_once(small, world):
    small.keeps("oi", 5 * DAY)
    small.asks()
    small.works()
    envelopes = world.events("message.imported")
    assert len(envelopes) == 1
    assert all(status < 300 for status in tell(envelopes[0]))
