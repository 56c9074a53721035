from concurrent.futures import ThreadPoolExecutor

import pytest

from infra.fakes.waha_events import make_ack
from infra.fakes.waha_state import Fault
from shared.crm.messages import sending
from shared.kernel.ids import uuid7
from shared.providers.waha import client, ids
from tests.support.calls import again
from tests.support.functions import consumers_of
from tests.support.shop import ANA, SESSION, open_shop
from tests.support.world import push

ENGINES = ["GOWS", "NOWEB", "WEBJS"]


@pytest.fixture(params=ENGINES)
def shop(request, world, api, tenant):
    with open_shop(world, api, tenant, engine=request.param) as shop:
        yield shop


@pytest.fixture
def impatient(monkeypatch):
    """Wait less for a server that hangs; one that answers has all its time, however busy the machine is."""

    def shorten(kind):
        if kind == "hang":
            monkeypatch.setattr(client, "TIMEOUT_SECONDS", 1.0)

    return shorten


def queue_reply(shop):
    """Let the bot answer, but do not yet let the answer out."""
    shop.hears("Oi")
    shop.world.advance(16)
    for task in shop.world.tasks("flush_message_group"):
        assert again(task) == 204
    (agent,) = consumers_of("message_group.completed")
    for event in shop.world.events("message_group.completed"):
        assert push(agent, event) == 204
    (event,) = shop.world.events("message.queued")
    return event


def deliver(event):
    (sender,) = consumers_of("message.queued")
    return push(sender, event)


def test_the_same_event_sends_once_however_often_it_comes(shop):
    event = queue_reply(shop)
    with ThreadPoolExecutor(20) as pool:
        statuses = list(pool.map(deliver, [event, {**event, "event_id": str(uuid7())}] * 20))
    assert set(statuses) <= {204, 503}
    assert deliver(event) == 204
    assert len(shop.waha.sent) == 1
    assert shop.message(sender_kind="bot")["status"] == "sent"


def test_what_waits_while_its_channel_is_deactivated_fails_and_can_be_tried_again(shop, world):
    event = queue_reply(shop)
    world.run("update channels set status = 'inactive'")
    assert deliver(event) == 204
    assert shop.waha.sent == []
    message = shop.message(sender_kind="bot")
    assert (message["status"], message["failure_code"]) == ("failed", "channel_inactive")
    (failed,) = world.events("message.failed")
    assert failed["data"]["retryable"]


def test_a_refusal_is_a_failure_with_its_reason(shop):
    event = queue_reply(shop)
    shop.waha.set_fault(SESSION, Fault(kind="error_463"))
    assert deliver(event) == 204
    message = shop.message(sender_kind="bot")
    assert (message["status"], message["failure_code"]) == ("failed", "reachout_timelock")
    assert message["failure_reason"]
    assert shop.sent == []


def refuse_for_now(shop, code, *, on=True):
    """WAHA asks to slow down; or it was started anew, and is not connected yet."""
    if code == "rate_limited":
        shop.waha.set_fault(SESSION, Fault(kind="error_429", times=99) if on else None)
    else:
        shop.waha.state.sessions[SESSION].status = "STARTING" if on else "WORKING"


@pytest.mark.parametrize("code", ["rate_limited", "not_acceptable"])
def test_what_is_refused_for_now_is_sent_when_it_may_be(shop, code):
    event = queue_reply(shop)
    refuse_for_now(shop, code)
    for _ in range(3):
        shop.world.advance(30)
        assert deliver(event) == 503
        assert shop.message(sender_kind="bot")["status"] == "queued"
    refuse_for_now(shop, code, on=False)
    assert deliver(event) == 204
    assert (shop.message(sender_kind="bot")["status"], len(shop.waha.sent)) == ("sent", 1)
    assert shop.world.events("message.failed") == []


@pytest.mark.parametrize("code", ["rate_limited", "not_acceptable"])
def test_what_is_refused_for_ten_minutes_fails_and_can_be_tried_again(shop, code):
    event = queue_reply(shop)
    refuse_for_now(shop, code)
    assert deliver(event) == 503
    shop.world.advance(601)
    assert [deliver(event), deliver(event)] == [503, 204]
    message = shop.message(sender_kind="bot")
    assert (message["status"], message["failure_code"]) == ("failed", code)
    (told,) = shop.world.events("message.failed")
    assert (told["data"]["code"], told["data"]["retryable"]) == (code, True)
    assert shop.sent == []


@pytest.mark.parametrize("kind", ["hang", "error_500", "malformed", "drop"])
def test_a_lost_answer_is_followed_until_the_history_shows_the_message(shop, kind, impatient):
    event = queue_reply(shop)
    impatient(kind)
    shop.waha.set_fault(SESSION, Fault(kind=kind, sent=True))
    assert deliver(event) == 204
    assert shop.message(sender_kind="bot")["status"] == "unknown"
    shop.settles()
    message = shop.message(sender_kind="bot")
    assert (message["status"], len(shop.waha.sent)) == ("sent", 1)
    assert message["external_id"] == shop.waha.sent[0].id


@pytest.mark.parametrize("kind", ["hang", "error_500"])
def test_what_the_history_never_shows_stays_unknown_and_is_not_sent_again(shop, kind, impatient):
    event = queue_reply(shop)
    impatient(kind)
    shop.waha.set_fault(SESSION, Fault(kind=kind, sent=False))
    assert deliver(event) == 204
    shop.settles()
    assert shop.message(sender_kind="bot")["status"] == "unknown"
    assert shop.waha.sent == []
    assert deliver({**event, "event_id": str(uuid7())}) == 204
    assert shop.waha.sent == []


def test_whoever_died_between_claim_and_answer_leaves_it_unknown(shop, world):
    event = queue_reply(shop)
    world.run("update messages set status = 'sending', claimed_at = clock_timestamp() where sender_kind = 'bot'")
    assert deliver(event) == 503
    world.advance(61)
    assert deliver(event) == 204
    assert shop.message(sender_kind="bot")["status"] == "unknown"
    shop.settles()
    assert (shop.message(sender_kind="bot")["status"], shop.waha.sent) == ("unknown", [])


def test_a_server_that_cannot_be_reached_is_tried_again_for_ten_minutes(shop, world):
    event = queue_reply(shop)
    world.run("update channels set base_url = 'http://127.0.0.1:1'")
    assert deliver(event) == 503
    assert shop.message(sender_kind="bot")["status"] == "queued"
    world.advance(601)
    assert deliver(event) == 503
    message = shop.message(sender_kind="bot")
    assert (message["status"], message["failure_code"]) == ("failed", "unreachable")


def test_an_echo_before_the_answer_is_the_same_message(shop, world):
    event = queue_reply(shop)
    if shop.engine == "WEBJS":
        world.run("update messages set status = 'sending', claimed_at = clock_timestamp() where sender_kind = 'bot'")
        echo_id = "3EB0" + "A" * 18
    else:
        echo_id = ids.new_message_id()
        world.run(
            "update messages set status = 'sending', claimed_at = clock_timestamp(), external_id = :id"
            " where sender_kind = 'bot'",
            id=echo_id,
        )
    text = shop.message(sender_kind="bot")["text"]
    shop.hears(text, from_me=True, source="api", message_id=echo_id)
    message = shop.message(sender_kind="bot")
    assert (message["status"], message["external_id"]) == ("sent", echo_id)
    assert world.value("select count(*) from messages") == 2
    assert world.value("select held_by from sessions") == "bot"
    assert deliver(event) == 204
    assert shop.waha.sent == []


def test_a_message_cancelled_before_its_event_comes_is_not_sent(shop, world):
    event = queue_reply(shop)
    world.run("update messages set status = 'cancelled' where sender_kind = 'bot'")
    assert deliver(event) == 204
    assert shop.waha.sent == []


def test_what_is_said_in_a_chat_keeps_its_order(shop, world):
    shop.hears("Oi")
    for text in ("um", "dois", "três"):
        shop.says(text)
    (sender,) = consumers_of("message.queued")
    assert sender.ordered
    assert len({row["ordering_key"] for row in world.rows("select * from outbox_events where topic = 'message'")}) == 1
    world.drain()
    assert shop.sent == ["um", "dois", "três"]


@pytest.fixture
def unreachable(monkeypatch):
    """The server is away, and something happens meanwhile."""

    def unreachable(meanwhile):
        def call(parcel):
            meanwhile()
            return client.Unreachable("WAHA cannot be reached.")

        monkeypatch.setattr(sending, "_call", call)

    return unreachable


def test_a_reply_that_could_not_go_out_is_withdrawn_when_a_person_has_the_session_by_then(shop, world, unreachable):
    event = queue_reply(shop)
    world.advance(1)
    unreachable(lambda: shop.hears("eu respondo", from_me=True))
    assert [deliver(event), deliver(event)] == [503, 204]
    assert (shop.message(sender_kind="bot")["status"], shop.outcomes()) == ("cancelled", ["taken_over"])


def test_a_reply_that_could_not_go_out_is_withdrawn_when_something_newer_was_said_by_then(shop, world, unreachable):
    event = queue_reply(shop)
    unreachable(lambda: shop.hears("do bolo?"))
    assert [deliver(event), deliver(event)] == [503, 204]
    assert (shop.message(sender_kind="bot")["status"], shop.outcomes()) == ("cancelled", ["superseded", None])
    world.advance(16)
    assert again(world.tasks("flush_message_group")[-1]) == 204
    assert world.rows("select text from message_groups order by opened_at")[1]["text"] == "Oi do bolo?"


def test_the_farewell_of_a_bot_that_hands_over_is_tried_again(shop, world, unreachable):
    shop.hears("quero falar com um atendente")
    world.advance(16)
    unreachable(lambda: None)
    done = world.drain(tolerate=True)
    assert done.failures == ["send_message answered 503"]
    assert (shop.message(sender_kind="bot")["status"], shop.outcomes()) == ("queued", ["replied"])


@pytest.mark.parametrize("levels", [(3,), (2, 1)])
def test_what_comes_before_the_answer_is_noted_counts_too(shop, monkeypatch, levels):
    """The customer may read and answer the message while its sending is still being written down."""
    event, record = queue_reply(shop), sending._record

    def meanwhile(transactions, parcel, outcome):
        for level in levels:
            ack = make_ack(shop.engine, level, message_id=outcome.external_id, customer=ANA)
            assert shop.channel.deliver(ack).status_code == 200
        shop.hears("quero um", reply_to=outcome.external_id)
        record(transactions, parcel, outcome)

    monkeypatch.setattr(sending, "_record", meanwhile)
    assert deliver(event) == 204
    message = shop.message(sender_kind="bot")
    assert message["status"] == {3: "read", 2: "delivered"}[max(levels)]
    assert shop.message(quoted_external_id=message["external_id"])["quoted_message_id"] == message["id"]
    assert shop.world.rows("select 1 from early_events") == []
