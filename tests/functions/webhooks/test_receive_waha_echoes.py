import pytest

from infra.fakes.waha_events import Addressing, make_event
from shared.crm.messages.cards import vcard
from shared.kernel.ids import uuid7
from tests.functions.webhooks.conftest import ANA, bare_id

REPLY = "Olá! Como posso ajudar?"
_SEND = """
insert into messages (id, tenant_id, project_id, version, channel_id, chat_id, session_id, contact_id, direction,
    sender_kind, type, status, text, external_id, sent_at, claimed_at)
select :id, c.tenant_id, c.project_id, 1, c.channel_id, c.id, s.id, c.contact_id, 'outbound',
    :sender_kind, 'text', :status, :words, :external_id, now(),
    case when :status <> 'queued' then now() - make_interval(mins => :minutes) end
from chats c left join sessions s on s.chat_id = c.id and s.status = 'open'
where c.status <> 'merged' and c.kind = 'individual'
"""


def sends(desk, text=REPLY, *, status="sending", external_id=None, minutes=0, sender_kind="bot"):
    """A message of ours as it stands while it is being sent."""
    message_id = uuid7()
    facts = {"status": status, "external_id": external_id, "minutes": minutes, "sender_kind": sender_kind}
    desk.world.run(_SEND, id=message_id, words=text, **facts)
    return str(message_id)


def echo(desk, text=REPLY, **said):
    return make_event(desk.engine, "text", body=text, customer=ANA, from_me=True, source="api", **said)


def by_id(desk, message_id):
    (row,) = desk.world.rows("select * from messages where id = :id", id=message_id)
    return row


@pytest.fixture
def browser(open_desk):
    """An engine that chooses the ids itself."""
    desk = open_desk("WEBJS")
    desk.hears()
    return desk


@pytest.mark.parametrize("status", ["sending", "unknown"])
def test_an_echo_finds_the_send_it_is_of_by_chat_and_text(browser, status):
    sent = sends(browser, status=status)
    event = browser.takes(echo(browser))
    row = by_id(browser, sent)
    assert (row["status"], row["external_id"]) == ("sent", bare_id(event))
    assert row["provider_id"] == event["payload"]["id"]
    assert browser.count("messages where direction = 'outbound'") == 1
    assert browser.world.value("select held_by from sessions") == "bot"
    assert browser.deliveries() == [("kept", 1), ("duplicate", 1)]


@pytest.mark.parametrize("engine", ["NOWEB", "GOWS"])
@pytest.mark.parametrize("addressing", [Addressing.PHONE, Addressing.LID])
@pytest.mark.parametrize("status", ["sending", "unknown"])
def test_an_echo_is_known_by_the_id_we_chose(open_desk, engine, addressing, status):
    desk = open_desk(engine)
    desk.hears()
    sent = sends(desk, status=status, external_id="3EB0OURCHOICE")
    desk.takes(echo(desk, "não importa o texto", message_id="3EB0OURCHOICE", addressing=addressing))
    assert by_id(desk, sent)["status"] == "sent"
    assert by_id(desk, sent)["text"] == REPLY
    assert desk.count("contacts") == desk.count("chats") == desk.count("sessions") == 1
    assert desk.world.value("select held_by from sessions") == "bot"


@pytest.mark.parametrize("engine", ["NOWEB", "GOWS"])
def test_where_we_choose_the_ids_the_same_text_is_another_message(open_desk, engine):
    desk = open_desk(engine)
    desk.hears()
    sent = sends(desk, external_id="3EB0OURCHOICE")
    desk.takes(echo(desk))
    assert by_id(desk, sent)["status"] == "sending"
    assert desk.world.value("select held_by from sessions") == "human"


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        ({}, "Outra coisa"),
        ({"status": "queued"}, REPLY),
        ({"status": "cancelled"}, REPLY),
        ({"minutes": 11}, REPLY),
        ({"external_id": "KNOWNALREADY"}, REPLY),
    ],
    ids=["another text", "not claimed", "withdrawn", "claimed long ago", "its id is known"],
)
def test_what_is_not_the_echo_of_a_send_is_a_persons_word(browser, sent, text):
    ours = sends(browser, **sent)
    browser.takes(echo(browser, text))
    assert by_id(browser, ours)["provider_id"] is None
    assert browser.count("messages where sender_kind = 'phone'") == 1
    assert browser.world.value("select held_by from sessions") == "human"


def test_line_breaks_and_spaces_do_not_hide_an_echo(browser):
    sent = sends(browser, "Olá!\n\nComo  posso ajudar? ")
    browser.takes(echo(browser, "Olá!\nComo posso ajudar?"))
    assert by_id(browser, sent)["status"] == "sent"


def test_two_sends_of_one_text_have_an_echo_each(browser):
    sent = [sends(browser, minutes=minutes) for minutes in (2, 1)]
    events = [browser.takes(echo(browser)) for _ in range(2)]
    assert [by_id(browser, each)["external_id"] for each in sent] == [bare_id(event) for event in events]
    browser.takes(echo(browser))
    assert browser.world.value("select held_by from sessions") == "human"


def test_a_send_to_somebody_else_is_not_taken_for_it(browser):
    sent = sends(browser)
    browser.takes(make_event("WEBJS", "text", body=REPLY, chat="5531988887777@c.us", from_me=True))
    assert by_id(browser, sent)["status"] == "sending"


def test_acks_and_replies_that_came_before_the_echo_find_the_send(browser):
    sent, event = sends(browser), echo(browser)
    browser.acks(bare_id(event), 3)
    browser.acks(bare_id(event), 2)
    answer = browser.hears("Quero um bolo", reply_to=bare_id(event))
    browser.takes(event)
    assert by_id(browser, sent)["status"] == "read"
    assert browser.message(answer)["quoted_message_id"] == sent
    assert browser.count("early_events") == 0


def test_what_waited_finds_a_send_whose_id_the_answer_told(browser):
    """The provider's answer may name the message before its echo comes."""
    event = echo(browser)
    browser.acks(bare_id(event), 3)
    answer = browser.hears("Quero um bolo", reply_to=bare_id(event))
    sent = sends(browser, status="sent", external_id=bare_id(event))
    browser.takes(event)
    assert by_id(browser, sent)["status"] == "read"
    assert browser.message(answer)["quoted_message_id"] == sent


def test_a_failed_send_that_arrived_after_all_was_sent(any_desk):
    any_desk.hears()
    event = echo(any_desk)
    sent = sends(any_desk, status="failed", external_id=bare_id(event))
    any_desk.takes(event)
    assert by_id(any_desk, sent)["status"] == "sent"


def test_our_word_from_the_phone_withdraws_the_bots_reply(any_desk):
    any_desk.hears()
    any_desk.world.run(
        "update message_groups set status = 'completed', text = 'Oi', closed_at = now(), outcome = 'replied'"
    )
    waiting, claimed = sends(any_desk, "um", status="queued"), sends(any_desk, "dois", external_id="3EB0CLAIMED")
    mine = sends(any_desk, "três", status="queued", sender_kind="user")
    any_desk.world.run(
        "update messages set answers_group_id = (select id from message_groups) where id = :id", id=waiting
    )
    any_desk.writes("Deixa comigo")
    assert [by_id(any_desk, each)["status"] for each in (waiting, claimed, mine)] == ["cancelled", "sending", "queued"]
    assert any_desk.world.value("select outcome from message_groups") == "taken_over"
    assert len(any_desk.world.events("message.cancelled")) == 1


def test_an_old_word_of_ours_that_comes_late_leaves_todays_reply_alone(any_desk):
    at = int(any_desk.world.now().timestamp())
    any_desk.hears("Oi", timestamp=at - 60)
    waiting = sends(any_desk, status="queued")
    any_desk.writes("Até amanhã", timestamp=at - 3 * 86_400)
    assert by_id(any_desk, waiting)["status"] == "queued"
    assert any_desk.world.value("select held_by from sessions where status = 'open'") == "bot"


_AS_CARD = "update messages set type = 'contact', text = null, cards = :cards where id = :id"


def sends_card(desk, *people):
    message_id = sends(desk)
    desk.world.run(_AS_CARD, id=message_id, cards=[{"vcard": vcard(*each)} for each in people])
    return message_id


def echo_of_card(desk, *people):
    event = make_event(desk.engine, "vcard", customer=ANA, from_me=True, source="api")
    event["payload"] |= {"body": "", "vCards": [vcard(*each).replace("\n", "\r\n") for each in people]}
    return event


LEO, EVA = ("Leo", "+5511933334444"), ("Eva", "+5511955556666")


@pytest.mark.parametrize("cards", [((LEO,), (EVA,)), ((LEO, EVA), (EVA, LEO)), ((LEO,), (("Léo", LEO[1]),))])
def test_two_cards_at_once_do_not_take_each_others_echo(browser, cards):
    sent = [sends_card(browser, *each) for each in cards]
    events = [browser.takes(echo_of_card(browser, *each)) for each in reversed(cards)]
    assert [by_id(browser, each)["external_id"] for each in reversed(sent)] == list(map(bare_id, events))
    assert browser.world.value("select held_by from sessions") == "bot"


def test_the_card_of_somebody_else_is_a_persons_word(browser):
    ours = sends_card(browser, LEO)
    browser.takes(echo_of_card(browser, EVA))
    assert by_id(browser, ours)["status"] == "sending"
    assert browser.count("messages where sender_kind = 'phone'") == 1
