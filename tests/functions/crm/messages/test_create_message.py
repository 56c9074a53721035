from concurrent.futures import ThreadPoolExecutor

import pytest

from infra.fakes.waha_events import Addressing, make_event
from tests.support.borders import hidden_in
from tests.support.conversation import ANA, let_the_bot_reply, speak
from tests.support.waha import waha_channel

PATH = "/api/v1/crm/messages"
GROUP = "120363000000000001@g.us"


def text_to(chat_id, text="Bom dia!", **more):
    return {"chat_id": str(chat_id), "type": "text", "text": text, **more}


@pytest.fixture
def bia(api, tenant):
    """Somebody who has never written."""
    person = {"name": "Bia", "phone": "+5511900000002"}
    return api.post("/api/v1/crm/contacts", person, as_=tenant.agent).json


def first_text_to(contact_id, channel, **more):
    return {"contact_id": str(contact_id), "channel_id": str(channel.id), "type": "text", "text": "Olá, Bia!", **more}


@pytest.mark.parametrize("role", ["admin", "agent"])
def test_a_text_is_queued_in_the_chats_session(api, tenant, world, spoken, role):
    answer = api.post(PATH, text_to(spoken.chat_id), as_=getattr(tenant, role))
    assert answer.status_code == 201
    expected = {
        "chat_id": str(spoken.chat_id),
        "session_id": str(spoken.session_id),
        "contact_id": str(spoken.contact_id),
        "direction": "outbound",
        "sender_kind": "user",
        "type": "text",
        "status": "queued",
        "text": "Bom dia!",
        "quoted_message_id": None,
    }
    assert {name: answer.json[name] for name in expected} == expected
    assert api.get(f"{PATH}/{answer.json['id']}", as_=tenant.viewer).json == answer.json
    (queued,) = world.events("message.queued")
    assert queued["data"]["message_id"] == answer.json["id"]
    assert "Bom dia" not in str(world.events())


def test_whoever_writes_holds_the_session(api, tenant, world, spoken):
    message = api.post(PATH, text_to(spoken.chat_id), as_=tenant.agent).json
    session = api.get(f"/api/v1/crm/sessions/{spoken.session_id}", as_=tenant.viewer).json
    assert (session["held_by"], session["agent_id"]) == ("human", message["agent_id"])
    assert world.value("select user_id from agents where kind = 'human'") == str(tenant.agent.user_id)
    chat = api.get(f"/api/v1/crm/chats/{spoken.chat_id}", as_=tenant.viewer).json
    assert chat["last_message_at"] == message["sent_at"]


def test_what_the_bot_was_about_to_say_is_withdrawn_and_what_i_say_is_not(api, tenant, world, spoken):
    reply = let_the_bot_reply(world)
    mine = [api.post(PATH, text_to(spoken.chat_id), as_=tenant.agent).json["id"] for _ in range(2)]
    statuses = {row["id"]: row["status"] for row in world.rows("select id, status from messages")}
    assert statuses[reply["id"]] == "cancelled"
    assert [statuses[each] for each in mine] == ["queued", "queued"]
    assert world.value("select outcome from message_groups") == "taken_over"


@pytest.mark.parametrize(("engine", "ours"), [("NOWEB", True), ("GOWS", True), ("WEBJS", False), ("WPP", False)])
def test_it_has_its_id_before_it_is_sent_where_the_engine_takes_ours(api, tenant, world, engine, ours):
    channel = waha_channel(world, api, tenant, engine=engine)
    contact = api.post("/api/v1/crm/contacts", {"phone": "+5511900000002"}, as_=tenant.agent).json
    message = api.post(PATH, first_text_to(contact["id"], channel), as_=tenant.agent).json
    assert (message["external_id"] or "").startswith("3EB0") is ours


def test_after_a_long_silence_it_begins_a_session(api, tenant, world, spoken):
    world.advance(25 * 3600)
    message = api.post(PATH, text_to(spoken.chat_id), as_=tenant.agent).json
    assert message["session_id"] != str(spoken.session_id)
    kept = {row["id"]: row for row in world.rows("select * from sessions")}
    assert (kept[str(spoken.session_id)]["status"], kept[str(spoken.session_id)]["close_reason"]) == (
        "closed",
        "timeout",
    )
    assert (kept[message["session_id"]]["status"], kept[message["session_id"]]["held_by"]) == ("open", "human")


def test_after_a_session_was_closed_it_begins_another(api, tenant, world, spoken):
    api.post(f"/api/v1/crm/sessions/{spoken.session_id}/close", as_=tenant.agent)
    message = api.post(PATH, text_to(spoken.chat_id), as_=tenant.agent).json
    assert message["session_id"] != str(spoken.session_id)


def test_the_first_words_to_somebody_open_a_chat(api, tenant, world, channel, bia):
    message = api.post(PATH, first_text_to(bia["id"], channel), as_=tenant.agent)
    assert message.status_code == 201
    chat = api.get(f"/api/v1/crm/chats/{message.json['chat_id']}", as_=tenant.viewer).json
    assert (chat["kind"], chat["contact_id"], chat["channel_id"]) == ("individual", bia["id"], str(channel.id))
    assert chat["addresses"] == ["5511900000002@c.us"]
    assert chat["open_session_id"] == message.json["session_id"]


def test_the_second_words_go_to_the_same_chat_and_so_does_the_answer(api, tenant, world, channel, bia):
    sent = [api.post(PATH, first_text_to(bia["id"], channel), as_=tenant.agent).json for _ in range(2)]
    told = make_event("GOWS", "text", body="Oi, aqui é a Bia", customer=type(ANA)(phone="5511900000002", name="Bia"))
    assert channel.deliver(told).status_code == 200
    rows = world.rows("select distinct chat_id, session_id, contact_id from messages")
    assert rows == [{"chat_id": sent[0]["chat_id"], "session_id": sent[0]["session_id"], "contact_id": bia["id"]}]


def test_a_contact_who_has_written_is_answered_in_their_chat(api, world, tenant, channel):
    spoken = speak(world, channel, addressing=Addressing.LID)
    message = api.post(PATH, first_text_to(spoken.contact_id, channel), as_=tenant.agent).json
    assert message["chat_id"] == str(spoken.chat_id)


def test_at_the_same_time_one_chat_is_opened(api, tenant, world, channel, bia):
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda _: api.post(PATH, first_text_to(bia["id"], channel), as_=tenant.agent), range(8))
        )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json["chat_id"] for answer in answers}) == 1
    assert len({answer.json["session_id"] for answer in answers}) == 1
    assert world.value("select count(*) from agents where kind = 'human'") == 1


def test_a_contact_without_a_phone_cannot_be_written_to(api, tenant, channel):
    contact = api.post("/api/v1/crm/contacts", {"email": "bia@example.com"}, as_=tenant.agent).json
    refused = api.post(PATH, first_text_to(contact["id"], channel), as_=tenant.agent)
    assert refused.status_code == 422
    assert "no phone" in refused.json["error"]["message"]


def test_a_reply_names_what_it_answers(api, tenant, spoken):
    body = text_to(spoken.chat_id, reply_to=str(spoken.message_id))
    assert api.post(PATH, body, as_=tenant.agent).json["quoted_message_id"] == str(spoken.message_id)


def test_a_reply_answers_a_message_of_its_own_chat_that_was_sent(api, tenant, world, channel, spoken):
    other = speak(world, channel, customer=type(ANA)(phone="5511900000003", name="Caio"))
    refused = api.post(PATH, text_to(spoken.chat_id, reply_to=str(other.message_id)), as_=tenant.agent)
    assert (refused.status_code, refused.json["error"]["code"]) == (422, "other_chat")
    world.run("update messages set external_id = null where id = :id", id=spoken.message_id)
    refused = api.post(PATH, text_to(spoken.chat_id, reply_to=str(spoken.message_id)), as_=tenant.agent)
    assert (refused.status_code, refused.json["error"]["code"]) == (409, "not_sent_yet")


def test_a_group_can_be_written_to(api, tenant, world, channel):
    spoken = speak(world, channel, group=GROUP)
    answer = api.post(PATH, text_to(spoken.chat_id), as_=tenant.agent)
    assert (answer.status_code, answer.json["contact_id"]) == (201, None)


def test_a_status_cannot(api, tenant, world, channel):
    channel.deliver(make_event("GOWS", "text", body="Promoção!", customer=ANA, chat="status@broadcast"))
    chat_id = world.value("select id from chats where kind = 'status'")
    refused = api.post(PATH, text_to(chat_id), as_=tenant.agent)
    assert (refused.status_code, refused.json["error"]["code"]) == (422, "not_writable")


def test_nothing_goes_through_an_inactive_channel(api, tenant, world, channel, spoken):
    api.patch(f"/api/v1/crm/channels/{channel.id}", {"status": "inactive"}, as_=tenant.admin)
    refused = api.post(PATH, text_to(spoken.chat_id), as_=tenant.agent)
    assert (refused.status_code, refused.json["error"]["code"]) == (409, "channel_inactive")
    assert world.value("select held_by from sessions") == "bot"


def test_a_viewer_sends_nothing(api, tenant, world, spoken):
    assert api.post(PATH, text_to(spoken.chat_id), as_=tenant.viewer).status_code == 403
    assert world.value("select count(*) from messages") == 1


def test_a_stranger_sends_nothing(api, spoken):
    assert api.post(PATH, text_to(spoken.chat_id)).status_code == 401


def test_what_belongs_to_another_tenant_looks_like_what_never_was(api, tenant, world, channel, spoken, theirs):
    admin, written = tenant.admin, "select count(*) from messages where direction = 'outbound'"
    assert hidden_in(api, admin, "POST", PATH, text_to(""), "chat_id", theirs.chat_id)
    assert hidden_in(api, admin, "POST", PATH, first_text_to("", channel), "contact_id", theirs.contact_id)
    theirs_channel = world.value("select channel_id from chats where id = :id", id=theirs.chat_id)
    body = first_text_to(spoken.contact_id, channel)
    assert hidden_in(api, admin, "POST", PATH, body, "channel_id", theirs_channel)
    assert hidden_in(api, admin, "POST", PATH, text_to(spoken.chat_id), "reply_to", theirs.message_id)
    assert world.value(written) == 0


def test_a_deleted_contact_is_not_there(api, tenant, channel, bia):
    api.delete(f"/api/v1/crm/contacts/{bia['id']}", as_=tenant.admin)
    assert hidden_in(api, tenant.agent, "POST", PATH, first_text_to("", channel), "contact_id", bia["id"])


@pytest.mark.parametrize(
    "change",
    [
        {"text": ""},
        {"text": " \n "},
        {"text": "x" * 65_537},
        {"text": None},
        {"type": "image"},
        {"chat_id": "x"},
        {"chat_id": None},
        {"contact_id": "01957f3e-8a10-7000-9000-c0ffee000001"},
        {"channel_id": "01957f3e-8a10-7000-9000-c0ffee000001"},
        {"reply_to": "x"},
        {"status": "sent"},
    ],
)
def test_what_does_not_fit_is_refused(api, tenant, world, spoken, change):
    assert api.post(PATH, text_to(spoken.chat_id) | change, as_=tenant.agent).status_code == 422
    assert world.value("select count(*) from messages") == 1


def test_a_long_text_fits(api, tenant, spoken):
    text = "ã" * 65_536
    assert api.post(PATH, text_to(spoken.chat_id, text), as_=tenant.agent).json["text"] == text
