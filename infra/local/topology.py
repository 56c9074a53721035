"""Topics, subscriptions, queues and jobs: read from the declarations, and made in the local Pub/Sub and Cloud Tasks."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, TypedDict

from google.cloud.tasks_v2 import CloudTasksClient
from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcTransport
from google.pubsub_v1.services.publisher import PublisherClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.services.subscriber import SubscriberClient
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport

from shared.cloud.channel import plain_channel
from shared.kernel.events import Event
from shared.kernel.tasks import Task
from shared.runtime.burial import DEAD_LETTERS, Burial
from shared.runtime.consume import Consumer
from shared.runtime.declarations import Declaration
from shared.runtime.schedule import Schedule
from shared.runtime.settings import Settings
from shared.runtime.spans import SPANS

LONGEST_FILTER = 256  # bytes, Google's limit
LONGEST_KEPT = {"seconds": 31 * 24 * 3600}  # Google's limit
RETRIES = {"minimum_backoff": {"seconds": 1}, "maximum_backoff": {"seconds": 600}}
# Tasks are given up by their functions, which keep them as dead letters; a queue would only drop them.
QUEUE_RETRIES = {"max_attempts": -1, "min_backoff": {"seconds": 1}, "max_backoff": {"seconds": 300}}
CHANGEABLE = ("push_config", "ack_deadline_seconds", "retry_policy", "dead_letter_policy")


class Job(TypedDict):
    name: str
    cron: str
    url: str


@dataclass(frozen=True)
class Subscription:
    """What one consumer wants of one topic."""

    consumer: Consumer
    topic: str

    @property
    def filter(self) -> str:
        """By the type of event; one too long for Pub/Sub is left out, as a consumer passes over what is not its own."""
        types = sorted(event.event_type for event in self.consumer.events if event.topic() == self.topic)
        expression = " OR ".join(f'attributes.type = "{each}"' for each in types)
        return expression if len(expression) <= LONGEST_FILTER else ""

    @property
    def name(self) -> str:
        """Changes with what cannot be changed in a subscription that exists."""
        fixed = f"{self.filter} ordered={self.consumer.ordered}"
        return f"{self.consumer.name}.{self.topic}.{sha256(fixed.encode()).hexdigest()[:8]}"


@dataclass(frozen=True)
class Topology:
    topics: frozenset[str]
    subscriptions: tuple[Subscription, ...]
    queues: frozenset[str]
    schedules: tuple[Schedule, ...]
    burials: tuple[tuple[str, int], ...] = ()  # who takes what no consumer has taken, and how long that may last

    @classmethod
    def of(cls, declared: Iterable[Declaration]) -> "Topology":
        """Read it from the declarations; a topic for every aggregate, also where nobody listens yet."""
        known = list(declared)
        consumers = [each for each in known if isinstance(each, Consumer)]
        wanted = {(each.name, event.topic()): each for each in consumers for event in each.events}
        return cls(
            topics=frozenset(event.topic() for event in Event.catalogue.values()),
            subscriptions=tuple(Subscription(each, topic) for (_, topic), each in sorted(wanted.items())),
            queues=frozenset(task.queue for task in Task.catalogue.values()),
            schedules=tuple(each for each in known if isinstance(each, Schedule)),
            burials=tuple((each.name, each.ack_deadline) for each in known if isinstance(each, Burial)),
        )

    def jobs(self, functions_url: str) -> list[Job]:
        return [Job(name=each.name, cron=each.cron, url=f"{functions_url}/{each.name}") for each in self.schedules]


@dataclass(frozen=True)
class Places:
    """The names of Google's things in one project and region."""

    settings: Settings

    def topic(self, name: str) -> str:
        return f"projects/{self.settings.google_project}/topics/{name}"

    def subscription(self, name: str) -> str:
        return f"projects/{self.settings.google_project}/subscriptions/{name}"

    @property
    def region(self) -> str:
        return f"projects/{self.settings.google_project}/locations/{self.settings.google_region}"


class Builder:
    """Makes a topology real through its clients.

    It creates what is missing, changes what differs, and removes subscriptions that nobody declares.
    """

    def __init__(self, settings: Settings, pubsub: str, tasks: str) -> None:
        self._settings, self._places = settings, Places(settings)
        self._channels = [plain_channel(pubsub), plain_channel(tasks)]
        self.publisher = PublisherClient(transport=PublisherGrpcTransport(channel=self._channels[0]))
        self.subscriber = SubscriberClient(transport=SubscriberGrpcTransport(channel=self._channels[0]))
        self.tasks = CloudTasksClient(transport=CloudTasksGrpcTransport(channel=self._channels[1]))

    def build(self, topology: Topology) -> None:
        wanted = list(self._subscriptions(topology))
        buried = self._places.topic(DEAD_LETTERS)
        self._make_topics({*map(self._places.topic, topology.topics), *(each["topic"] for each in wanted), buried})
        self._make_subscriptions(wanted)
        for queue in topology.queues:
            name = f"{self._places.region}/queues/{queue}"
            self.tasks.update_queue(request={"queue": {"name": name, "retry_config": QUEUE_RETRIES}})

    def close(self) -> None:
        for channel in self._channels:
            channel.close()

    def _make_topics(self, names: set[str]) -> None:
        project = f"projects/{self._settings.google_project}"
        for name in sorted(names - {topic.name for topic in self.publisher.list_topics(project=project)}):
            self.publisher.create_topic(name=name)

    def _make_subscriptions(self, wanted: list[dict[str, Any]]) -> None:
        project = f"projects/{self._settings.google_project}"
        known = {each.name for each in self.subscriber.list_subscriptions(project=project)}
        for each in wanted:
            if each["name"] in known:
                mask = {"paths": [field for field in CHANGEABLE if field in each]}
                self.subscriber.update_subscription(request={"subscription": each, "update_mask": mask})
            else:
                self.subscriber.create_subscription(request=each)
        for name in known - {each["name"] for each in wanted}:
            self.subscriber.delete_subscription(subscription=name)

    def _subscriptions(self, topology: Topology) -> Iterator[dict[str, Any]]:
        spans = {"name": self._places.subscription(SPANS), "topic": self._places.topic(SPANS)}
        yield {**spans, "ack_deadline_seconds": 60}
        for name, ack_deadline in topology.burials:
            yield {
                "name": self._places.subscription(name),
                "topic": self._places.topic(DEAD_LETTERS),
                "ack_deadline_seconds": ack_deadline,
                "message_retention_duration": LONGEST_KEPT,
                "retry_policy": RETRIES,
                "push_config": self._to(name),
            }
        yield from (self._push(each) for each in topology.subscriptions)

    def _to(self, function: str) -> dict[str, Any]:
        endpoint = f"{self._settings.functions_base_url}/{function}"
        token = {"service_account_email": self._settings.pusher_account, "audience": endpoint}
        return {"push_endpoint": endpoint, "oidc_token": token}

    def _push(self, subscription: Subscription) -> dict[str, Any]:
        consumer = subscription.consumer
        return {
            "name": self._places.subscription(subscription.name),
            "topic": self._places.topic(subscription.topic),
            "filter": subscription.filter,
            "enable_message_ordering": consumer.ordered,
            "ack_deadline_seconds": consumer.ack_deadline,
            "retry_policy": RETRIES,
            "dead_letter_policy": {
                "dead_letter_topic": self._places.topic(DEAD_LETTERS),
                "max_delivery_attempts": consumer.max_attempts,
            },
            "push_config": self._to(consumer.name),
        }


@contextmanager
def builder(settings: Settings, pubsub: str, tasks: str) -> Iterator[Builder]:
    """A builder with connections to the two services at `host:port`, for as long as the block lasts."""
    made = Builder(settings, pubsub, tasks)
    try:
        yield made
    finally:
        made.close()
