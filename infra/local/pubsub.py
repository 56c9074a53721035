"""Pub/Sub: the Publisher and Subscriber services, over topics and subscriptions kept in the journal."""

import re
import time
from collections.abc import Mapping

import grpc
from google.pubsub_v1.types import pubsub as types

from infra.local import filters
from infra.local.grpc_server import Empty, Method, Proto, Refused, already_exists, invalid, not_found, page, plain
from infra.local.journal import Journal
from infra.local.push import Pusher
from infra.local.subscription import Subscription

_NAME = re.compile(r"projects/[^/]+/(topics|subscriptions)/(?!goog)[A-Za-z][\w.~+%-]{2,254}", re.ASCII)
_DELETED_TOPIC = "_deleted-topic_"
_UNSUPPORTED = ("bigquery_config", "cloud_storage_config", "enable_exactly_once_delivery", "message_transforms")
_FIXED = ("name", "topic", "filter", "enable_message_ordering")
_PULL_WAITS = 2.0  # seconds that a pull of an empty subscription is held open


class PubSub:
    """`scale` multiplies ack deadlines and backoff, so that a test need not wait for them."""

    def __init__(self, journal: Journal, pusher: Pusher, scale: float) -> None:
        self._journal, self._pusher, self._scale = journal, pusher, scale
        self._topics: dict[str, Proto] = {}
        self._subscriptions: dict[str, Subscription] = {}
        self._last_id = 0

    def services(self) -> Mapping[str, Mapping[str, Method]]:
        t = types
        return {
            "google.pubsub.v1.Publisher": {
                "CreateTopic": Method(t.Topic, t.Topic, self.create_topic),
                "GetTopic": Method(t.GetTopicRequest, t.Topic, lambda request: self._topic(request.topic)),
                "ListTopics": Method(t.ListTopicsRequest, t.ListTopicsResponse, self.list_topics),
                "DeleteTopic": Method(t.DeleteTopicRequest, Empty, self.delete_topic),
                "Publish": Method(t.PublishRequest, t.PublishResponse, self.publish),
            },
            "google.pubsub.v1.Subscriber": {
                "CreateSubscription": Method(t.Subscription, t.Subscription, self.create_subscription),
                "GetSubscription": Method(t.GetSubscriptionRequest, t.Subscription, self.get_subscription),
                "ListSubscriptions": Method(
                    t.ListSubscriptionsRequest, t.ListSubscriptionsResponse, self.list_subscriptions
                ),
                "UpdateSubscription": Method(t.UpdateSubscriptionRequest, t.Subscription, self.update_subscription),
                "ModifyPushConfig": Method(t.ModifyPushConfigRequest, Empty, self.modify_push_config),
                "DeleteSubscription": Method(t.DeleteSubscriptionRequest, Empty, self.delete_subscription),
                "Pull": Method(t.PullRequest, t.PullResponse, self.pull),
                "Acknowledge": Method(t.AcknowledgeRequest, Empty, self.acknowledge),
                "ModifyAckDeadline": Method(t.ModifyAckDeadlineRequest, Empty, self.modify_ack_deadline),
            },
        }

    def restore(self) -> None:
        """Take up from the journal where the last process stopped, however it did."""
        for name, body in self._journal.load("topic"):
            self._topics[name] = plain(types.Topic).FromString(body)
        for name, body in self._journal.load("subscription"):
            self._subscriptions[name] = self._subscription_of(plain(types.Subscription).FromString(body))
        for key, body in self._journal.load("message"):
            name, _, message_id = key.partition(" ")
            self._subscriptions[name].keep(plain(types.ReceivedMessage).FromString(body))
            self._last_id = max(self._last_id, int(message_id))
        for subscription in self._subscriptions.values():
            subscription.push()

    def create_topic(self, topic: Proto) -> Proto:
        _check_name(topic.name)
        if topic.name in self._topics:
            raise already_exists(topic.name)
        self._topics[topic.name] = topic
        self._journal.put("topic", topic.name, topic.SerializeToString())
        return topic

    def list_topics(self, request: Proto) -> Proto:
        topics, token = page((t for name, t in self._topics.items() if name.startswith(f"{request.project}/")), request)
        return plain(types.ListTopicsResponse)(topics=topics, next_page_token=token)

    def delete_topic(self, request: Proto) -> Proto:
        self._topic(request.topic)
        del self._topics[request.topic]
        self._journal.delete("topic", request.topic)
        for subscription in self._subscribed(request.topic):
            subscription.config.topic = _DELETED_TOPIC
            self._save(subscription)
        return Empty()

    def publish(self, request: Proto) -> Proto:
        self._topic(request.topic)
        if any(not message.data and not message.attributes for message in request.messages):
            raise invalid("A message must have data or at least one attribute.")
        message_ids = [self._publish(request.topic, message) for message in request.messages]
        return plain(types.PublishResponse)(message_ids=message_ids)

    def create_subscription(self, config: Proto) -> Proto:
        _check_name(config.name)
        if config.name in self._subscriptions:
            raise already_exists(config.name)
        self._topic(config.topic)
        _complete(config)
        subscription = self._subscriptions[config.name] = self._subscription_of(config)
        self._save(subscription)
        subscription.push()
        return config

    def get_subscription(self, request: Proto) -> Proto:
        return self._subscription(request.subscription).config

    def list_subscriptions(self, request: Proto) -> Proto:
        mine = (s.config for name, s in self._subscriptions.items() if name.startswith(f"{request.project}/"))
        subscriptions, token = page(mine, request)
        return plain(types.ListSubscriptionsResponse)(subscriptions=subscriptions, next_page_token=token)

    def update_subscription(self, request: Proto) -> Proto:
        subscription = self._subscription(request.subscription.name)
        fixed = [path for path in request.update_mask.paths if path.partition(".")[0] in _FIXED]
        if fixed or not request.update_mask.paths:
            raise invalid(f"The update mask names no field, or one that cannot change: {', '.join(fixed)}.")
        config = plain(types.Subscription)()
        config.CopyFrom(subscription.config)
        request.update_mask.MergeMessage(request.subscription, config, True, True)  # noqa: FBT003 - replace, not merge
        return self._configure(subscription, config)

    def modify_push_config(self, request: Proto) -> Proto:
        subscription = self._subscription(request.subscription)
        config = plain(types.Subscription)()
        config.CopyFrom(subscription.config)
        config.push_config.CopyFrom(request.push_config)
        self._configure(subscription, config)
        return Empty()

    def delete_subscription(self, request: Proto) -> Proto:
        self._subscription(request.subscription).forget()
        del self._subscriptions[request.subscription]
        self._journal.delete("subscription", request.subscription)
        return Empty()

    async def pull(self, request: Proto) -> Proto:
        subscription = self._subscription(request.subscription)
        if subscription.config.push_config.push_endpoint:
            raise Refused(grpc.StatusCode.FAILED_PRECONDITION, f"{request.subscription} is a push subscription.")
        if request.max_messages < 1:
            raise invalid("max_messages must be at least 1.")
        wait = 0.01 if request.return_immediately else _PULL_WAITS
        return plain(types.PullResponse)(received_messages=await subscription.pull(request.max_messages, wait))

    def acknowledge(self, request: Proto) -> Proto:
        subscription = self._subscription(request.subscription)
        for ack_id in request.ack_ids:
            subscription.acknowledge(ack_id)
        return Empty()

    def modify_ack_deadline(self, request: Proto) -> Proto:
        subscription = self._subscription(request.subscription)
        _check_range("ack_deadline_seconds", request.ack_deadline_seconds, 0, 600)
        for ack_id in request.ack_ids:
            subscription.extend(ack_id, request.ack_deadline_seconds)
        return Empty()

    def _publish(self, topic: str, message: Proto) -> str:
        self._last_id = max(self._last_id + 1, time.time_ns() // 1000)
        message.message_id = str(self._last_id)
        message.publish_time.FromMilliseconds(time.time_ns() // 1_000_000)
        for subscription in self._subscribed(topic):
            subscription.offer(message)
        return str(message.message_id)

    def _bury(self, topic: str, letter: Proto) -> bool:
        exists = topic in self._topics
        if exists:
            self._publish(topic, letter)
        return exists

    def _configure(self, subscription: Subscription, config: Proto) -> Proto:
        _complete(config)
        subscription.config = config
        self._save(subscription)
        subscription.push()
        return config

    def _subscription_of(self, config: Proto) -> Subscription:
        return Subscription(config, self._journal, self._pusher, self._bury, self._scale)

    def _save(self, subscription: Subscription) -> None:
        self._journal.put("subscription", subscription.config.name, subscription.config.SerializeToString())

    def _topic(self, name: str) -> Proto:
        if name not in self._topics:
            raise not_found(name)
        return self._topics[name]

    def _subscription(self, name: str) -> Subscription:
        if name not in self._subscriptions:
            raise not_found(name)
        return self._subscriptions[name]

    def _subscribed(self, topic: str) -> list[Subscription]:
        return [subscription for subscription in self._subscriptions.values() if subscription.config.topic == topic]


def _complete(config: Proto) -> None:
    """Fill in Google's defaults, and refuse what Google refuses or what this stand-in does not do."""
    unsupported = [field.name for field, _ in config.ListFields() if field.name in _UNSUPPORTED]
    if unsupported or config.push_config.HasField("no_wrapper"):
        raise Refused(grpc.StatusCode.UNIMPLEMENTED, f"Not in the local Pub/Sub: {unsupported or ['no_wrapper']}.")
    try:
        filters.parse(config.filter)
    except filters.InvalidFilter as error:
        raise invalid(f"Invalid filter: {error}.") from error
    config.ack_deadline_seconds = config.ack_deadline_seconds or 10
    _check_range("ack_deadline_seconds", config.ack_deadline_seconds, 10, 600)
    if config.HasField("retry_policy"):
        _complete_retry(config.retry_policy)
    if config.HasField("dead_letter_policy"):
        policy = config.dead_letter_policy
        policy.max_delivery_attempts = policy.max_delivery_attempts or 5
        _check_range("max_delivery_attempts", policy.max_delivery_attempts, 5, 100)
    config.state = types.Subscription.State.ACTIVE


def _complete_retry(policy: Proto) -> None:
    if not policy.HasField("minimum_backoff"):
        policy.minimum_backoff.seconds = 10
    if not policy.HasField("maximum_backoff"):
        policy.maximum_backoff.seconds = 600
    _check_range("minimum_backoff", policy.minimum_backoff.seconds, 0, 600)
    _check_range("maximum_backoff", policy.maximum_backoff.seconds, policy.minimum_backoff.seconds, 600)


def _check_range(field: str, value: int, lowest: int, highest: int) -> None:
    if not lowest <= value <= highest:
        raise invalid(f"{field} must be between {lowest} and {highest}, not {value}.")


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise invalid(f"{name!r} is not a name: projects/PROJECT/topics/NAME or projects/PROJECT/subscriptions/NAME.")
