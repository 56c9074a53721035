"""The first message to a number: WhatsApp is asked where that is, for it may not be where it was dialled."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from infra.fakes.waha_events import Party
from infra.fakes.waha_state import Fault
from shared.crm.messages import finding
from shared.kernel.ids import uuid7
from shared.providers.waha import client
from tests.functions.crm.messages.paced import pace, resume, status
from tests.support.functions import consumers_of
from tests.support.shop import SESSION, open_shop
from tests.support.world import push

PATH = "/api/v1/crm/messages"
# As they are dialled, and where WhatsApp has them.
BRAZIL, BRAZIL_THERE = "+5511987654321", "551187654321@c.us"
MEXICO, MEXICO_THERE = "+525512345678", "5215512345678@c.us"
ARGENTINA, ARGENTINA_THERE = "+541123456789", "5491123456789@c.us"
HIDDEN = "100000000000009@lid"


@pytest.fixture(params=["GOWS"])
def shop(request, world, api, tenant):
    with open_shop(world, api, tenant, engine=request.param, bot=False) as shop:
        yield shop


@pytest.fixture
def session(shop):
    return shop.waha.state.sessions[SESSION]


def digits(phone):
    return phone.removeprefix("+")


def met(shop, phone):
    made = shop.api.post("/api/v1/crm/contacts", {"phone": phone}, as_=shop.tenant.agent)
    assert made.status_code == 201, made.text
    return made.json["id"]


def write(shop, contact_id, text="Olá!"):
    body = {"contact_id": contact_id, "channel_id": str(shop.channel.id), "text": text}
    answer = shop.api.post(PATH, body, as_=shop.tenant.agent)
    assert answer.status_code == 201, answer.text
    return answer.json["id"]


def deliver(shop, place=-1):
    """Let the sender have what was queued, once more."""
    (sender,) = consumers_of("message.queued")
    return push(sender, {**shop.world.events("message.queued")[place], "event_id": str(uuid7())})


def sent_to(shop):
    return [each.chat_id for each in shop.waha.whatsapp]


def addresses(shop):
    return [row["address"] for row in shop.world.rows("select address from chat_addresses order by address")]


@pytest.mark.parametrize("shop", ["WEBJS", "WPP", "NOWEB", "GOWS"], indirect=True)
@pytest.mark.parametrize(
    ("phone", "there"),
    [
        (BRAZIL, BRAZIL_THERE),
        ("+551187654321", "5511987654321@c.us"),
        (MEXICO, MEXICO_THERE),
        (ARGENTINA, ARGENTINA_THERE),
        (BRAZIL, f"{digits(BRAZIL)}@c.us"),
        (BRAZIL, HIDDEN),
    ],
)
def test_it_goes_where_whatsapp_has_the_number(shop, session, phone, there):
    session.numbers[digits(phone)] = there
    contact_id = met(shop, phone)
    first, second = write(shop, contact_id), write(shop, contact_id, "Tudo bem?")
    shop.world.drain()
    assert (status(shop, first), status(shop, second)) == ("sent", "sent")
    assert (sent_to(shop), session.checks) == ([there, there], [digits(phone)])
    assert addresses(shop) == [there]


def test_whoever_answers_from_there_is_the_same_person(shop, session):
    session.numbers[digits(MEXICO)] = MEXICO_THERE
    contact_id = met(shop, MEXICO)
    write(shop, contact_id)
    shop.world.drain()
    shop.hears("Hola", customer=Party(phone="5215512345678", lid="100000000000009", name="Luz"))
    assert shop.world.value("select count(*) from contacts") == 1
    assert shop.message(direction="inbound")["contact_id"] == contact_id
    assert shop.api.get(f"/api/v1/crm/contacts/{contact_id}", as_=shop.tenant.agent).json["phone"] == MEXICO


def test_the_chat_of_somebody_who_wrote_from_there_is_the_one(shop, session):
    """Luz is known by what she wrote with; then somebody registers the number on her card."""
    shop.hears("Hola", customer=Party(phone="5215512345678", lid="100000000000009", name="Luz"))
    shop.world.advance(2)
    session.numbers[digits(MEXICO)] = MEXICO_THERE
    message_id = write(shop, met(shop, MEXICO))
    shop.world.drain()
    assert status(shop, message_id) == "sent"
    assert shop.world.value("select count(*) from chats where status <> 'merged'") == 1
    assert shop.world.value("select count(*) from contacts where merged_into_id is null") == 1


def test_nobody_is_asked_for_who_has_written(shop, session):
    shop.hears("Oi")
    shop.says("Bom dia!")
    shop.world.drain()
    assert (shop.sent, session.checks) == (["Bom dia!"], [])


def test_a_number_that_nobody_has_fails_its_message_for_good(shop, session):
    session.numbers[digits(BRAZIL)] = None
    contact_id = met(shop, BRAZIL)
    first, second = write(shop, contact_id), write(shop, contact_id, "Tudo bem?")
    shop.world.drain()
    assert [deliver(shop, 0), deliver(shop, 1)] == [204, 204]
    message = shop.message(id=first)
    assert (message["status"], message["failure_code"]) == ("failed", "not_on_whatsapp")
    assert "number is not on WhatsApp" in message["failure_reason"]
    assert status(shop, second) == "failed"
    assert [each["data"]["retryable"] for each in shop.world.events("message.failed")] == [False, False]
    assert (shop.waha.sent, session.checks) == ([], [digits(BRAZIL)])


def test_who_gets_whatsapp_later_is_asked_for_again(shop, session):
    session.numbers[digits(BRAZIL)] = None
    message_id = write(shop, met(shop, BRAZIL))
    shop.world.drain()
    session.numbers[digits(BRAZIL)] = BRAZIL_THERE
    shop.world.advance(3601)
    assert shop.api.post(f"{PATH}/{message_id}/retry", as_=shop.tenant.agent).status_code == 200
    shop.world.drain()
    assert (status(shop, message_id), sent_to(shop)) == ("sent", [BRAZIL_THERE])


@pytest.mark.parametrize("kind", ["hang", "error_500", "error_429", "malformed", "drop"])
def test_a_server_that_does_not_say_is_asked_again(shop, session, kind, monkeypatch):
    if kind == "hang":
        monkeypatch.setattr(client, "TIMEOUT_SECONDS", 1.0)
    session.numbers[digits(BRAZIL)] = BRAZIL_THERE
    session.checks_fault = Fault(kind=kind, seconds=2.0)
    message_id = write(shop, met(shop, BRAZIL))
    assert deliver(shop) == 503
    assert (status(shop, message_id), shop.waha.sent) == ("queued", [])
    assert deliver(shop) == 503  # whoever asks may still have an answer
    shop.world.advance(16)
    assert deliver(shop) == 204
    assert (status(shop, message_id), sent_to(shop), len(session.checks)) == ("sent", [BRAZIL_THERE], 2)


@pytest.mark.parametrize("kind", ["drop", "hang", "error_429"])
def test_a_server_that_is_away_for_ten_minutes_is_for_a_person(shop, session, kind, monkeypatch):
    if kind == "hang":
        monkeypatch.setattr(client, "TIMEOUT_SECONDS", 1.0)
    session.checks_fault = Fault(kind=kind, times=99, seconds=2.0)
    message_id = write(shop, met(shop, BRAZIL))
    assert deliver(shop) == 503
    shop.world.advance(601)
    assert [deliver(shop), deliver(shop)] == [503, 204]
    message = shop.message(id=message_id)
    assert (message["status"], message["failure_code"]) == ("failed", "number_unchecked")
    (failed,) = shop.world.events("message.failed")
    assert failed["data"]["retryable"]
    assert shop.waha.sent == []


@pytest.mark.parametrize("kind", ["error_500", "malformed"])
def test_a_server_that_cannot_say_for_ten_minutes_is_sent_to_as_it_was_dialled(shop, session, kind):
    session.checks_fault = Fault(kind=kind, times=99)
    contact_id = met(shop, BRAZIL)
    first, second = write(shop, contact_id), write(shop, contact_id, "Tudo bem?")
    assert deliver(shop, 0) == 503
    shop.world.advance(590)
    assert (deliver(shop, 0), status(shop, first)) == (503, "queued")
    shop.world.advance(16)
    assert [deliver(shop, 0), deliver(shop, 0), deliver(shop, 1)] == [204] * 3
    assert (status(shop, first), status(shop, second)) == ("sent", "sent")
    assert sent_to(shop) == [f"{digits(BRAZIL)}@c.us"] * 2
    assert len(session.checks) == 3
    assert shop.world.rows("select finding, found_at from number_checks") == [{"finding": "refused", "found_at": None}]


def test_where_the_server_will_not_say_the_message_goes_as_it_was_dialled(shop, session, monkeypatch):
    def refuse(_self, _phone):
        raise client.Refused(501, "engine_cannot", "The engine of this WAHA session cannot do this.")

    monkeypatch.setattr(client.Waha, "find", refuse)
    first = write(shop, met(shop, BRAZIL))
    shop.world.drain()
    assert (status(shop, first), sent_to(shop)) == ("sent", [f"{digits(BRAZIL)}@c.us"])


def test_whoever_died_after_asking_asks_again_and_sends_once(shop, session, monkeypatch):
    session.numbers[digits(BRAZIL)] = BRAZIL_THERE
    message_id, record = write(shop, met(shop, BRAZIL)), finding._answered

    def die(*_):
        raise SystemExit

    monkeypatch.setattr(finding, "_answered", die)
    with pytest.raises(SystemExit):
        deliver(shop)
    monkeypatch.setattr(finding, "_answered", record)
    assert (status(shop, message_id), deliver(shop)) == ("queued", 503)
    shop.world.advance(16)
    assert deliver(shop) == 204
    assert (status(shop, message_id), sent_to(shop)) == ("sent", [BRAZIL_THERE])


def test_whoever_died_before_sending_finds_what_was_answered(shop, session, monkeypatch):
    session.numbers[digits(BRAZIL)] = BRAZIL_THERE
    message_id, record = write(shop, met(shop, BRAZIL)), finding._answered

    def die(*given):
        record(*given)
        raise SystemExit

    monkeypatch.setattr(finding, "_answered", die)
    with pytest.raises(SystemExit):
        deliver(shop)
    monkeypatch.setattr(finding, "_answered", record)
    assert deliver(shop) == 204
    assert (status(shop, message_id), sent_to(shop), len(session.checks)) == ("sent", [BRAZIL_THERE], 1)


def test_many_at_once_ask_once_and_send_once(shop, session):
    session.numbers[digits(BRAZIL)] = BRAZIL_THERE
    message_id = write(shop, met(shop, BRAZIL))
    with ThreadPoolExecutor(20) as pool:
        assert set(pool.map(lambda _: deliver(shop), range(40))) <= {204, 503}
    assert deliver(shop) == 204
    assert (status(shop, message_id), sent_to(shop), len(session.checks)) == ("sent", [BRAZIL_THERE], 1)


def test_it_is_asked_no_faster_than_may_be_sent(shop, session):
    pace(shop, per_minute=1, burst=1)
    first = write(shop, met(shop, BRAZIL))
    second = write(shop, met(shop, ARGENTINA))
    shop.world.drain()
    assert (session.checks, status(shop, first), status(shop, second)) == ([digits(BRAZIL)], "sent", "queued")
    shop.world.advance(61)
    assert resume(shop, second) == 204
    assert (len(session.checks), status(shop, second)) == (2, "sent")


def test_what_is_withdrawn_meanwhile_is_not_sent(shop, session, monkeypatch):
    message_id, find = write(shop, met(shop, BRAZIL)), client.Waha.find

    def meanwhile(*given):
        assert shop.api.delete(f"{PATH}/{message_id}", as_=shop.tenant.admin).status_code == 204
        return find(*given)

    monkeypatch.setattr(client.Waha, "find", meanwhile)
    assert deliver(shop) == 204
    assert (status(shop, message_id), shop.waha.sent) == ("cancelled", [])


def test_nobody_elses_answer_counts(shop, session, world, api, other_tenant):
    session.numbers[digits(BRAZIL)] = None
    message_id = write(shop, met(shop, BRAZIL))
    shop.world.drain()
    assert status(shop, message_id) == "failed"
    with open_shop(world, api, other_tenant, bot=False) as theirs:
        other_id = write(theirs, met(theirs, BRAZIL))
        shop.world.drain()
        assert (status(theirs, other_id), len(theirs.waha.state.sessions[SESSION].checks)) == ("sent", 1)


def test_while_the_server_is_asked_nothing_is_open(shop, session, monkeypatch):
    query = (
        "select count(*) from pg_stat_activity"
        " where state = 'idle in transaction' and usename = 'ventros_app' and datname = current_database()"
    )
    held, find = [], client.Waha.find

    def watched(*given):
        held.append(shop.world.value(query))
        return find(*given)

    monkeypatch.setattr(client.Waha, "find", watched)
    write(shop, met(shop, BRAZIL))
    shop.world.drain()
    assert held == [0]
