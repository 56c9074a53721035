import json
import random

import pytest

from shared.providers.waha.envelope import READERS
from shared.providers.waha.envelope import STATES as STATED
from tests.shared.providers.waha.samples import NAMES, body, sample

INDIVIDUAL = {"chat": "individual", "direction": "inbound", "sender": "contact", "session": True}
GROUP = {**INDIVIDUAL, "chat": "group"}
OURS = {"chat": "individual", "direction": "outbound", "sender": "phone", "session": True}
KEPT_ONLY = {"direction": "inbound", "sender": "contact", "session": False}
MESSAGES = {
    "message.any__GOWS_fromMe_api": {**OURS, "type": "text", "text": "Sent by API"},
    "message.any__GOWS_reply_to_status_media": {**INDIVIDUAL, "type": "text", "text": "Hello"},
    "message.any__NOWEB_fromMe_app": {**OURS, "type": "text", "text": "Typed on the phone"},
    "message.any__NOWEB_group_sticker_fromMe": {**OURS, "chat": "group", "type": "sticker", "text": None},
    "message__GOWS_document": {**INDIVIDUAL, "type": "document", "text": None},
    "message__GOWS_group_text": {**GROUP, "type": "text", "text": "Hi all"},
    "message__GOWS_image_caption": {**INDIVIDUAL, "type": "image", "text": "My receipt"},
    "message__GOWS_location": {**INDIVIDUAL, "type": "location", "text": None},
    "message__GOWS_reply_quoted": {**INDIVIDUAL, "type": "text", "text": "Yes!"},
    "message__GOWS_sticker": {**INDIVIDUAL, "type": "sticker", "text": None},
    "message__GOWS_text_lid_dm": {**INDIVIDUAL, "type": "text", "text": "Hello"},
    "message__GOWS_video": {**INDIVIDUAL, "type": "video", "text": None},
    "message__GOWS_voice_ptt": {**INDIVIDUAL, "type": "voice", "text": None},
    "message__NOWEB_image_caption": {**INDIVIDUAL, "type": "image", "text": "Hi there's!"},
    "message__NOWEB_lid_dm_reply": {**INDIVIDUAL, "type": "text", "text": "Yes please"},
    "message__NOWEB_lottie_sticker": {**INDIVIDUAL, "type": "sticker", "text": None},
    "message__WEBJS_group_text_lid_participant": {**GROUP, "type": "text", "text": "Hello group"},
    "message__WEBJS_voice_ptt": {**INDIVIDUAL, "type": "voice", "text": None},
    "message__newsletter_channel": {**KEPT_ONLY, "chat": "newsletter", "type": "text", "text": "How are you all?! ❤️"},
    "message__status_broadcast_image": {**KEPT_ONLY, "chat": "status", "type": "image", "text": "Check this out!"},
}
ACKS = [name for name in NAMES if name.startswith("message.ack")]
STATES = [name for name in NAMES if name.startswith("session.status")]
UNHANDLED = [name for name in NAMES if sample(name)["event"] not in {*READERS, *STATED}]
_KEPT = """
select c.kind as chat, m.direction, m.sender_kind as sender, m.type, m.text, m.session_id is not null as session
from messages m join chats c on c.id = m.chat_id
"""


def deliver(desk, name):
    answer = desk.channel.deliver(body(name))
    assert answer.status_code == 200, answer.text
    return json.loads(body(name))


def bare(name):
    return sample(name)["payload"]["id"].split("_")[-2 if "@" in sample(name)["payload"]["id"].split("_")[-1] else -1]


def test_every_sample_is_expected_somewhere():
    assert len({sample(name)["event"] for name in NAMES}) >= 25
    assert {sample(name)["event"] for name in MESSAGES} == {"message", "message.any"}


@pytest.mark.parametrize("name", sorted(MESSAGES))
def test_every_message_becomes_a_message(desk, name):
    deliver(desk, name)
    assert desk.world.rows(_KEPT) == [MESSAGES[name]]
    assert desk.deliveries() == [("kept", 1)]
    grouped = MESSAGES[name]["session"] and MESSAGES[name]["direction"] == "inbound"
    assert desk.count("message_groups") == grouped
    assert desk.count("sessions") == MESSAGES[name]["session"]


@pytest.mark.parametrize("name", UNHANDLED)
def test_what_nobody_handles_is_kept_raw(desk, name):
    event = deliver(desk, name)
    (row,) = desk.world.rows(
        "select event, status, problem, convert_from(body, 'UTF8') as body, message_id from inbound_deliveries"
    )
    assert (row["event"], row["status"], row["problem"]) == (event["event"], "unhandled", None)
    assert row["body"].encode() == body(name)
    assert desk.world.events() == []
    assert [desk.count(table) for table in ("messages", "chats", "contacts", "sessions")] == [0, 0, 0, 0]


@pytest.mark.parametrize("name", ACKS)
def test_an_ack_waits_for_its_message(desk, name):
    event = deliver(desk, name)
    level = event["payload"]["ack"]
    waiting = desk.world.rows("select external_id, kind, key, expires_at > now() + '29 days' as long from early_events")
    wanted = {"external_id": bare(name), "kind": "receipt", "key": str(level), "long": True}
    assert waiting == ([wanted] if level else [])
    assert desk.count("messages") == 0
    assert desk.deliveries() == [("kept", 1)]


@pytest.mark.parametrize("name", STATES)
def test_a_session_status_is_the_channels_connection(desk, name):
    event = deliver(desk, name)
    assert desk.world.value("select connection from channels") == event["payload"]["status"].lower()
    assert [each["data"]["current"] for each in desk.world.events("channel.state_changed")] == [
        event["payload"]["status"].lower()
    ]


@pytest.mark.parametrize("seed", range(3))
def test_all_samples_in_any_order_tell_of_one_customer(desk, seed):
    # What is announced there goes by the id of other samples.
    names = [name for name in NAMES if name != "message.waiting__WEBJS"]
    for name in random.Random(seed).sample(names, len(names)):
        deliver(desk, name)
    customer = "select distinct contact_id from contact_identities where value in ('+15550001111', '100000000000001')"
    assert len(desk.world.rows(customer)) == 1
    chats = desk.world.rows("select kind from chats where status <> 'merged' order by kind")
    assert [chat["kind"] for chat in chats] == ["group", "individual", "newsletter", "status"]
    # One id is used by two samples.
    assert desk.count("messages") == len({bare(name) for name in MESSAGES})
    # A session that shows its code belongs to no number, and is not this one, whose number may be known by then.
    states = "select count(*) from inbound_deliveries where status = 'misdirected' and event <> 'session.status'"
    assert desk.world.value(states) == 0
    assert {status for status, _ in desk.deliveries()} <= {"kept", "unhandled", "misdirected"}
