import base64
import re
import time
from itertools import pairwise

import pytest
from google.api_core.exceptions import (
    AlreadyExists,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
)

from infra.local.tokens import verify
from tests.infra.local.conftest import ACCOUNT, SCALE
from tests.infra.local.receiver import until


def numbers(sent):
    return [int(one.attributes["n"]) for one in sent]


def test_push_has_the_body_that_google_sends(pubsub, receiver):
    topic = pubsub.topic()
    subscription = pubsub.subscribe(topic, receiver.url + "/push?a=1", enable_message_ordering=True)

    message_id = pubsub.publish(topic, "olá".encode(), ordering_key="k", kind="message.created")

    [sent] = receiver.wait(1)
    message = sent.json["message"]
    time_of_it = message["publishTime"]
    assert (sent.method, sent.path, sent.headers["content-type"]) == ("POST", "/push?a=1", "application/json")
    assert sent.json == {
        "message": {
            "data": base64.b64encode("olá".encode()).decode(),
            "attributes": {"kind": "message.created"},
            "messageId": message_id,
            "message_id": message_id,
            "publishTime": time_of_it,
            "publish_time": time_of_it,
            "orderingKey": "k",
        },
        "subscription": subscription,
    }
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z", time_of_it)


def test_push_leaves_out_what_is_empty(pubsub, receiver):
    topic = pubsub.topic()
    pubsub.subscribe(topic, receiver.url)

    pubsub.publish(topic, b"x")

    assert set(receiver.wait(1)[0].json["message"]) == {
        "data",
        "messageId",
        "message_id",
        "publishTime",
        "publish_time",
    }


@pytest.mark.parametrize("audience", ["", "https://functions.example"])
def test_push_carries_a_service_token(bus, pubsub, receiver, audience):
    topic = pubsub.topic()
    token = {"service_account_email": ACCOUNT, "audience": audience}
    pubsub.subscribe(topic, push_config={"push_endpoint": receiver.url + "/push", "oidc_token": token})

    pubsub.publish(topic)

    bearer = receiver.wait(1)[0].headers["authorization"].removeprefix("Bearer ")
    assert verify(bearer, audience or receiver.url + "/push", ACCOUNT, bus.tokens.jwks())["email"] == ACCOUNT


def test_a_filter_drops_what_does_not_match(pubsub, receiver):
    topic = pubsub.topic()
    pubsub.subscribe(topic, receiver.url + "/all", name="all")
    pubsub.subscribe(topic, receiver.url + "/some", name="some", filter='attributes.kind = "b"')

    for n, kind in enumerate("abab"):
        pubsub.publish(topic, n=str(n), kind=kind)

    receiver.wait(4, "/all")
    assert sorted(numbers(receiver.wait(2, "/some"))) == [1, 3]


def test_an_invalid_filter_is_refused(pubsub, receiver):
    topic = pubsub.topic()

    with pytest.raises(InvalidArgument, match="filter"):
        pubsub.subscribe(topic, receiver.url, filter='data = "x"')


def test_a_key_keeps_its_order_through_failures_and_holds_up_no_other(pubsub, receiver):
    topic = pubsub.topic()
    failures = {"0": 3, "2": 1}
    pubsub.subscribe(
        topic, receiver.url, enable_message_ordering=True, retry_policy={"minimum_backoff": {"seconds": 10}}
    )

    def answer(sent):
        n = sent.attributes["n"]
        failures[n] = failures.get(n, 0) - 1
        return 500 if failures[n] >= 0 else 200

    receiver.answer = answer
    for n in range(4):
        pubsub.publish(topic, ordering_key="slow", n=str(n))
    pubsub.publish(topic, ordering_key="quick", n="9")

    assert [n for n in numbers(receiver.wait(9)) if n != 9] == [0, 0, 0, 0, 1, 2, 2, 3]
    assert 9 in numbers(receiver.sent[:3])


def test_within_a_key_the_next_waits_for_the_acknowledgement(pubsub, receiver):
    topic = pubsub.topic()
    pubsub.subscribe(topic, receiver.url, enable_message_ordering=True)
    answered = []

    def answer(sent):
        time.sleep(0.05)
        answered.append(time.monotonic())
        return 200

    receiver.answer = answer
    for n in range(4):
        pubsub.publish(topic, ordering_key="k", n=str(n))

    sent = receiver.wait(4)
    assert numbers(sent) == [0, 1, 2, 3]
    assert all(later.at >= earlier for later, earlier in zip(sent[1:], answered, strict=False))


def test_without_order_messages_go_out_side_by_side(pubsub, receiver):
    topic = pubsub.topic()
    pubsub.subscribe(topic, receiver.url)

    def answer(_):
        until(lambda: len(receiver.sent) >= 8)
        return 200

    receiver.answer = answer

    for n in range(8):
        pubsub.publish(topic, ordering_key="ignored", n=str(n))

    assert sorted(numbers(receiver.wait(8))) == list(range(8))


def test_a_push_slower_than_the_ack_deadline_comes_again(pubsub, receiver):
    topic = pubsub.topic()
    pubsub.subscribe(topic, receiver.url, ack_deadline_seconds=20)

    def answer(sent):
        if len(receiver.sent) == 1:
            until(lambda: len(receiver.sent) >= 2)
        return 200

    receiver.answer = answer
    pubsub.publish(topic)

    first, second = receiver.wait(2)
    assert first.json["message"]["messageId"] == second.json["message"]["messageId"]
    assert second.at - first.at >= 20 * SCALE / 2


def test_backoff_grows_up_to_its_maximum(pubsub, receiver):
    topic = pubsub.topic()
    retry = {"minimum_backoff": {"seconds": 5}, "maximum_backoff": {"seconds": 15}}
    pubsub.subscribe(topic, receiver.url, retry_policy=retry)
    receiver.answer = lambda _: 200 if len(receiver.sent) >= 5 else 429

    pubsub.publish(topic)

    gaps = [later.at - earlier.at for earlier, later in pairwise(receiver.wait(5))]
    expected = [5 * SCALE, 10 * SCALE, 15 * SCALE, 15 * SCALE]
    assert all(gap >= least * 0.95 for gap, least in zip(gaps, expected, strict=True))


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_these_answers_acknowledge(pubsub, receiver, status):
    topic = pubsub.topic()
    pubsub.subscribe(topic, receiver.url, enable_message_ordering=True)
    receiver.answer = lambda _: status

    for n in range(2):
        pubsub.publish(topic, ordering_key="k", n=str(n))

    assert numbers(receiver.wait(2)) == [0, 1]


@pytest.mark.parametrize("status", [203, 302, 400, 429, 500])
def test_any_other_answer_does_not(pubsub, receiver, status):
    topic = pubsub.topic()
    pubsub.subscribe(topic, receiver.url)
    receiver.answer = lambda _: status if len(receiver.sent) == 1 else 200

    pubsub.publish(topic)

    assert len(receiver.wait(2)) == 2


def test_what_fails_too_often_becomes_a_dead_letter(pubsub, receiver):
    topic, letters = pubsub.topic(), pubsub.topic("letters")
    graveyard = pubsub.subscribe(letters, name="graveyard")
    policy = {"dead_letter_topic": letters, "max_delivery_attempts": 5}
    pubsub.subscribe(topic, receiver.url, dead_letter_policy=policy)
    receiver.answer = lambda _: 500

    pubsub.publish(topic, b"bad", kind="x")

    [letter] = pubsub.pull(graveyard)
    assert [sent.json["deliveryAttempt"] for sent in receiver.sent] == [1, 2, 3, 4, 5]
    assert letter.message.data == b"bad"
    assert dict(letter.message.attributes) == {
        "kind": "x",
        "CloudPubSubDeadLetterSourceDeliveryCount": "5",
        "CloudPubSubDeadLetterSourceSubscription": "consumer",
        "CloudPubSubDeadLetterSourceSubscriptionProject": "p",
        "CloudPubSubDeadLetterSourceTopicPublishTime": receiver.sent[0].json["message"]["publishTime"],
    }


def test_a_dead_letter_lets_the_next_of_its_key_through(pubsub, receiver):
    topic, letters = pubsub.topic(), pubsub.topic("letters")
    policy = {"dead_letter_topic": letters, "max_delivery_attempts": 5}
    pubsub.subscribe(topic, receiver.url, dead_letter_policy=policy, enable_message_ordering=True)
    receiver.answer = lambda sent: 500 if sent.attributes["n"] == "0" else 200

    for n in range(2):
        pubsub.publish(topic, ordering_key="k", n=str(n))

    assert numbers(receiver.wait(6)) == [0, 0, 0, 0, 0, 1]


def test_a_target_that_is_down_loses_nothing_and_buries_nothing(pubsub, receiver):
    topic, letters = pubsub.topic(), pubsub.topic("letters")
    policy = {"dead_letter_topic": letters, "max_delivery_attempts": 5}
    pubsub.subscribe(topic, receiver.url, dead_letter_policy=policy)
    pubsub.publish(topic, n="0")
    receiver.wait(1)

    receiver.close()
    for n in range(1, 20):
        pubsub.publish(topic, n=str(n))
    time.sleep(20 * 0.2 * SCALE)  # many more knocks than the attempts it is allowed
    receiver.open()

    sent = receiver.wait(20)
    assert sorted(numbers(sent)) == list(range(20))
    assert {one.json["deliveryAttempt"] for one in sent} == {1}


def test_a_pulled_message_is_leased_until_it_is_acknowledged(pubsub):
    topic = pubsub.topic()
    subscription = pubsub.subscribe(topic, ack_deadline_seconds=50)
    message_id = pubsub.publish(topic, b"once")

    [first] = pubsub.pull(subscription)
    [again] = pubsub.pull(subscription)
    pubsub.subscriber.acknowledge(subscription=subscription, ack_ids=[again.ack_id])

    assert first.message.message_id == again.message.message_id == message_id
    assert first.ack_id != again.ack_id
    assert first.delivery_attempt == 0
    assert pubsub.pull_once(subscription) == []


def test_a_pulled_message_can_be_given_back_or_held_longer(pubsub):
    topic = pubsub.topic()
    subscription = pubsub.subscribe(topic, ack_deadline_seconds=50)
    pubsub.publish(topic)

    [held] = pubsub.pull(subscription)
    pubsub.subscriber.modify_ack_deadline(subscription=subscription, ack_ids=[held.ack_id], ack_deadline_seconds=0)
    [again] = pubsub.pull(subscription)
    pubsub.subscriber.modify_ack_deadline(subscription=subscription, ack_ids=[again.ack_id], ack_deadline_seconds=600)
    pubsub.subscriber.acknowledge(subscription=subscription, ack_ids=[held.ack_id])

    assert pubsub.pull_once(subscription) == []


def test_a_push_subscription_cannot_be_pulled(pubsub, receiver):
    subscription = pubsub.subscribe(pubsub.topic(), receiver.url)

    with pytest.raises(FailedPrecondition):
        pubsub.pull_once(subscription)


def test_push_can_be_turned_elsewhere_off_and_on(pubsub, receiver):
    topic = pubsub.topic()
    subscription = pubsub.subscribe(topic, receiver.url + "/old")
    path = {"subscription": subscription}

    pubsub.subscriber.modify_push_config(request={**path, "push_config": {"push_endpoint": receiver.url + "/new"}})
    pubsub.publish(topic, n="0")
    receiver.wait(1, "/new")
    pubsub.subscriber.modify_push_config(request={**path, "push_config": {}})
    pubsub.publish(topic, n="1")

    assert [one.message.attributes["n"] for one in pubsub.pull(subscription)] == ["1"]
    assert receiver.at("/old") == []


def test_a_subscription_can_be_updated_but_not_its_filter(pubsub):
    subscription = pubsub.subscribe(pubsub.topic())
    config = {"name": subscription, "ack_deadline_seconds": 60, "filter": "attributes:x"}
    update = pubsub.subscriber.update_subscription

    updated = update(request={"subscription": config, "update_mask": {"paths": ["ack_deadline_seconds"]}})

    assert (updated.ack_deadline_seconds, updated.filter) == (60, "")
    with pytest.raises(InvalidArgument):
        update(request={"subscription": config, "update_mask": {"paths": ["filter"]}})


def test_a_deleted_subscription_receives_no_more(pubsub, receiver):
    topic = pubsub.topic()
    subscription = pubsub.subscribe(topic, receiver.url + "/gone", name="gone")
    pubsub.subscribe(topic, receiver.url + "/kept", name="kept")

    pubsub.subscriber.delete_subscription(subscription=subscription)
    pubsub.publish(topic)

    receiver.wait(1, "/kept")
    assert receiver.at("/gone") == []
    assert [s.name for s in pubsub.subscriber.list_subscriptions(project="projects/p")] == [
        "projects/p/subscriptions/kept"
    ]


def test_topics_are_made_listed_and_deleted(pubsub):
    names = [pubsub.topic(name) for name in ("one", "two")]
    subscription = pubsub.subscribe(names[0])

    assert pubsub.publisher.get_topic(topic=names[0]).name == names[0]
    assert [topic.name for topic in pubsub.publisher.list_topics(project="projects/p")] == names
    pubsub.publisher.delete_topic(topic=names[0])
    assert pubsub.subscriber.get_subscription(subscription=subscription).topic == "_deleted-topic_"
    with pytest.raises(NotFound):
        pubsub.publisher.get_topic(topic=names[0])


def test_names_are_unique_and_must_exist(pubsub):
    topic = pubsub.topic()
    pubsub.subscribe(topic)

    with pytest.raises(AlreadyExists):
        pubsub.topic()
    with pytest.raises(AlreadyExists):
        pubsub.subscribe(topic)
    with pytest.raises(NotFound):
        pubsub.subscribe("projects/p/topics/absent", name="other")
    with pytest.raises(NotFound):
        pubsub.publish("projects/p/topics/absent")
    with pytest.raises(NotFound):
        pubsub.pull_once("projects/p/subscriptions/absent")


@pytest.mark.parametrize(
    "fields",
    [
        {"ack_deadline_seconds": 9},
        {"ack_deadline_seconds": 601},
        {"dead_letter_policy": {"dead_letter_topic": "projects/p/topics/events", "max_delivery_attempts": 4}},
        {"dead_letter_policy": {"dead_letter_topic": "projects/p/topics/events", "max_delivery_attempts": 101}},
        {"retry_policy": {"minimum_backoff": {"seconds": 601}}},
        {"retry_policy": {"minimum_backoff": {"seconds": 20}, "maximum_backoff": {"seconds": 10}}},
        {"name": "projects/p/subscriptions/goog-mine"},
    ],
)
def test_what_google_refuses_is_refused(pubsub, fields):
    topic = pubsub.topic()

    with pytest.raises(InvalidArgument):
        pubsub.subscriber.create_subscription(
            request={"name": "projects/p/subscriptions/consumer", "topic": topic, **fields}
        )


def test_an_empty_message_is_refused(pubsub):
    topic = pubsub.topic()

    with pytest.raises(InvalidArgument):
        pubsub.publish(topic, b"")
