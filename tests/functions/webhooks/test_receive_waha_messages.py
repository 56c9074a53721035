import pytest

from infra.fakes.waha_events import Addressing, make_event
from tests.functions.webhooks.conftest import ANA, BIA, GROUP

MINUTE = 60


def now_seconds(desk):
    return int(desk.world.now().timestamp())


@pytest.mark.parametrize("kind", ["image", "voice", "video", "document", "sticker"])
def test_media_come_with_what_is_known_of_them(any_desk, kind):
    message = any_desk.message(any_desk.hears("olha" if kind != "sticker" else None, kind=kind))
    assert message["type"] == kind
    assert message["text"] == (None if kind == "sticker" else "olha")
    media = message["media"]
    assert media["url"].startswith("https://files.waha.example/")
    assert media["missing_reason"] is None
    assert media["size_bytes"] > 0
    assert media["duration_seconds"] == {"voice": 12, "video": 11}.get(kind)
    assert media["file_name"] == {"document": "nota-fiscal.pdf"}.get(kind)
    assert "/" in media["mimetype"]


@pytest.mark.parametrize(
    ("media", "reason"),
    [
        ({"url": None, "mimetype": "image/jpeg", "filename": None}, "not_downloaded"),
        ({"url": None, "mimetype": "image/jpeg", "error": {"message": "404"}}, "download_failed"),
    ],
)
def test_media_without_a_file_say_why(any_desk, media, reason):
    message = any_desk.message(any_desk.hears("olha", kind="image", media=media))
    assert (message["media"]["url"], message["media"]["missing_reason"]) == (None, reason)
    assert message["type"] == "image"


def test_places_and_cards_are_kept(any_desk):
    place = any_desk.message(any_desk.hears(None, kind="location"))
    assert (place["location"]["latitude"], place["location"]["name"]) == ("-23.5505", "Praça da Sé")
    live = any_desk.message(any_desk.hears(None, kind="live_location"))
    assert live["location"]["live"] is True
    card = any_desk.message(any_desk.hears(None, kind="vcard"))
    assert card["type"] == "contact"
    assert "FN:Bruno" in card["cards"][0]["vcard"]


def test_a_kind_nobody_knows_is_kept_as_such(any_desk):
    event = make_event(any_desk.engine, "text", body=None, customer=ANA)
    event["payload"] |= {"body": None, "_data": {"Message": {"somethingNew": {"x": 1}}, "type": "something_new"}}
    any_desk.takes(event)
    (message,) = any_desk.world.rows("select type, text, message_group_id from messages")
    assert (message["type"], message["text"]) == ("unknown", None)
    assert message["message_group_id"]


@pytest.mark.parametrize("addressing", [Addressing.PHONE, Addressing.LID])
def test_a_group_has_one_chat_and_its_people(any_desk, addressing):
    first = any_desk.message(any_desk.hears("Bom dia", group=GROUP, addressing=addressing))
    second = any_desk.message(any_desk.hears("Oi!", group=GROUP, customer=BIA, addressing=addressing))
    any_desk.hears("Tudo bem?", group=GROUP, customer=BIA, addressing=addressing)
    (chat,) = any_desk.world.rows("select * from chats")
    assert (chat["kind"], chat["contact_id"]) == ("group", None)
    assert first["chat_id"] == second["chat_id"] == chat["id"]
    assert first["sender_contact_id"] != second["sender_contact_id"]
    assert first["contact_id"] is None
    people = {row["contact_id"] for row in any_desk.world.rows("select contact_id from chat_participants")}
    assert people == {first["sender_contact_id"], second["sender_contact_id"]}
    assert len(any_desk.world.events("chat.participant_added")) == 2
    (session,) = any_desk.world.rows("select contact_id, status from sessions")
    assert session == {"contact_id": None, "status": "open"}


def test_who_writes_in_a_group_is_the_same_person_as_alone(any_desk):
    alone = any_desk.message(any_desk.hears("Oi", addressing=Addressing.LID_WITH_PHONE))
    together = any_desk.message(any_desk.hears("Oi", group=GROUP, addressing=Addressing.LID))
    assert alone["sender_contact_id"] == together["sender_contact_id"]
    assert alone["chat_id"] != together["chat_id"]


def test_what_we_write_on_the_phone_takes_the_session(any_desk):
    any_desk.hears("Oi")
    ours = any_desk.message(any_desk.writes("Já vejo"))
    assert (ours["direction"], ours["sender_kind"], ours["status"]) == ("outbound", "phone", "sent")
    assert ours["sender_contact_id"] is None
    (session,) = any_desk.world.rows("select id, held_by, held_since from sessions")
    assert (session["held_by"], session["id"]) == ("human", ours["session_id"])
    assert [each["data"]["reason"] for each in any_desk.world.events("session.bot_paused")] != []


def test_what_we_write_first_opens_the_chat_of_whom_we_write_to(any_desk):
    ours = any_desk.message(any_desk.writes("Olá, Ana!"))
    theirs = any_desk.message(any_desk.hears("Oi!"))
    assert ours["chat_id"] == theirs["chat_id"]
    assert ours["contact_id"] == theirs["sender_contact_id"]
    assert any_desk.world.value("select name from contacts") == "Ana"


def test_what_we_write_in_a_group_is_nobodys(any_desk):
    ours = any_desk.message(any_desk.writes("Bom dia a todos", group=GROUP))
    assert (ours["sender_contact_id"], ours["contact_id"]) == (None, None)
    assert any_desk.count("chat_participants") == 0
    assert any_desk.world.value("select held_by from sessions") == "human"


@pytest.mark.parametrize("quoted_first", [True, False])
@pytest.mark.parametrize("ours", [True, False])
def test_a_reply_is_linked_to_what_it_quotes(any_desk, quoted_first, ours):
    at = now_seconds(any_desk) - 5 * MINUTE
    quoted = make_event(any_desk.engine, "text", body="Fechamos às 18h?", customer=ANA, from_me=ours, timestamp=at)
    quoted_id = quoted["payload"]["id"].split("_")[2]
    reply = make_event(any_desk.engine, "text", body="Sim", customer=ANA, reply_to=quoted_id, timestamp=at + MINUTE)
    for event in (quoted, reply) if quoted_first else (reply, quoted):
        any_desk.takes(event)
    row = any_desk.message(reply["payload"]["id"].split("_")[2])
    assert row["quoted_external_id"] == quoted_id
    assert row["quoted_message_id"] == any_desk.message(quoted_id)["id"]


def test_a_reply_to_what_never_came_stays_a_reply(any_desk):
    row = any_desk.message(any_desk.hears("Sim", reply_to="3EB0NEVERCAME"))
    assert (row["quoted_external_id"], row["quoted_message_id"]) == ("3EB0NEVERCAME", None)


@pytest.mark.parametrize(
    ("address", "kind"), [("status@broadcast", "status"), ("120363000000000009@newsletter", "newsletter")]
)
def test_statuses_and_newsletters_are_kept_and_lead_to_nothing(any_desk, address, kind):
    event = make_event(any_desk.engine, "image", body="Promoção!", chat=address)
    if kind == "status":
        event["payload"]["participant"] = ANA.phone_address
    any_desk.takes(event)
    any_desk.writes("a nossa", chat=address)
    rows = any_desk.world.rows("select session_id, message_group_id, contact_id from messages")
    assert rows == [{"session_id": None, "message_group_id": None, "contact_id": None}] * 2
    assert any_desk.world.value("select kind from chats") == kind
    assert any_desk.count("sessions") == any_desk.count("message_groups") == any_desk.count("outbox_tasks") == 0


def test_times_are_the_providers_but_never_later_than_now(any_desk):
    at = now_seconds(any_desk) - 90
    past = any_desk.message(any_desk.hears("antes", timestamp=at))
    future = any_desk.message(any_desk.hears("depois", timestamp=at + 86_400))
    times = "select extract(epoch from sent_at)::bigint as sent, sent_at <= now() as past from messages where id = :id"
    assert any_desk.world.rows(times, id=past["id"]) == [{"sent": at, "past": True}]
    assert any_desk.world.rows(times, id=future["id"])[0]["past"]


def test_a_message_older_than_half_an_hour_is_kept_and_grouped_all_the_same(any_desk):
    row = any_desk.message(any_desk.hears("Alô?", timestamp=now_seconds(any_desk) - 45 * MINUTE))
    assert row["message_group_id"] == any_desk.world.value("select id from message_groups where status = 'pending'")
    assert row["session_id"] == any_desk.world.value("select id from sessions where status = 'open'")


@pytest.mark.parametrize("text", ["com \x00 nulo", "metade \ud83d de um emoji", "\udc00", "\x00"])
def test_what_postgres_refuses_is_replaced(any_desk, text):
    row = any_desk.message(any_desk.hears(text))
    assert row["text"] == text.replace("\x00", "\ufffd").replace("\ud83d", "\ufffd").replace("\udc00", "\ufffd")


def test_hostile_names_and_ids_are_kept_too(any_desk):
    event = make_event(any_desk.engine, "text", body="oi", customer=ANA, message_id="3EB0\x00A\ud800")
    for name in ("pushName", "notifyName"):
        if name in event["payload"]["_data"]:
            event["payload"]["_data"][name] = "Ana\x00\ud800"
    any_desk.takes(event)
    assert any_desk.world.value("select external_id from messages") == "3EB0\ufffdA\ufffd"
