from concurrent.futures import ThreadPoolExecutor

import pytest

from infra.fakes.waha_state import Fault
from shared.kernel.ids import uuid7
from shared.providers.waha import client
from tests.support.functions import consumers_of, function_for
from tests.support.shop import SESSION, open_shop
from tests.support.world import perform, push

ENGINES = ["GOWS", "NOWEB", "WEBJS"]


@pytest.fixture(params=ENGINES)
def shop(request, world, api, tenant, monkeypatch):
    monkeypatch.setattr(client, "TIMEOUT_SECONDS", 0.5)
    with open_shop(world, api, tenant, engine=request.param) as shop:
        yield shop


def queue_reply(shop):
    """Let the bot answer, but do not yet let the answer out."""
    shop.hears("Oi")
    shop.world.advance(16)
    for task in shop.world.tasks("flush_message_group"):
        assert perform(function_for(task["task"]), task["body"]) == 204
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


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [("error_463", "failed", "reachout_timelock"), ("error_429", "failed", "rate_limited")],
)
def test_a_refusal_is_a_failure_with_its_reason(shop, kind, status, code):
    event = queue_reply(shop)
    shop.waha.set_fault(SESSION, Fault(kind=kind))
    assert deliver(event) == 204
    message = shop.message(sender_kind="bot")
    assert (message["status"], message["failure_code"]) == (status, code)
    assert message["failure_reason"]
    assert shop.sent == []


@pytest.mark.parametrize("kind", ["hang", "error_500", "malformed", "drop"])
def test_a_lost_answer_is_followed_until_the_history_shows_the_message(shop, kind):
    event = queue_reply(shop)
    shop.waha.set_fault(SESSION, Fault(kind=kind, sent=True))
    assert deliver(event) == 204
    assert shop.message(sender_kind="bot")["status"] == "unknown"
    shop.settles()
    message = shop.message(sender_kind="bot")
    assert (message["status"], len(shop.waha.sent)) == ("sent", 1)
    assert message["external_id"] == shop.waha.sent[0].id


@pytest.mark.parametrize("kind", ["hang", "error_500"])
def test_what_the_history_never_shows_stays_unknown_and_is_not_sent_again(shop, kind):
    event = queue_reply(shop)
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
        echo_id = client.new_message_id()
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
