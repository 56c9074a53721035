"""The outbox and the wire on both sides of a relay: rows go in, and what Pub/Sub and Cloud Tasks hold comes out."""

import json
import threading
import time
from collections import defaultdict
from contextlib import contextmanager

from google.cloud.tasks_v2 import CloudTasksClient
from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcTransport
from google.pubsub_v1.services.publisher import PublisherClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.services.subscriber import SubscriberClient
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport

from shared.cloud.channel import plain_channel
from shared.cloud.failures import Undelivered
from shared.cloud.pubsub import Publisher
from shared.cloud.tasks import TaskQueues
from shared.kernel.ids import uuid7
from shared.runtime.postgres import sql
from shared.runtime.relay import Relay, events_outlet, tasks_outlet

TENANT = uuid7()
PROJECT, REGION, ACCOUNT = "ventros-local", "southamerica-east1", "pusher@ventros-local.iam.gserviceaccount.com"
FUNCTIONS = "http://127.0.0.1:9/_functions"
PLACE = f"projects/{PROJECT}/locations/{REGION}"

EVENT = """
insert into outbox_events (id, tenant_id, topic, type, ordering_key, envelope)
values (:id, :tenant_id, :topic, 'contact.created', :key, :envelope)
"""
TASK = """
insert into outbox_tasks (id, tenant_id, queue, task, dedup_name, body, run_at)
values (:id, :tenant_id, :queue, 'flush_message_group', :name, :body, :run_at)
"""


def until(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "what was waited for did not happen"
        time.sleep(0.01)


def event(number, key="a", topic="contact"):
    """One row to be, whose envelope says which number it is."""
    envelope = {"number": number, "key": key, "aggregate_type": "contact"}
    return sql(EVENT, id=uuid7(), tenant_id=TENANT, topic=topic, key=key, envelope=envelope)


def task(number, name=None, run_at=None, queue="timers"):
    body = {"number": number}
    return sql(TASK, id=uuid7(), tenant_id=TENANT, queue=queue, name=name, body=body, run_at=run_at)


class Wire:
    """The real clients at the far end; what arrives is pulled, acknowledged and kept."""

    def __init__(self, bus):
        pubsub, tasks = f"127.0.0.1:{bus.pubsub_port}", f"127.0.0.1:{bus.tasks_port}"
        self.addresses = pubsub, tasks
        self._channels = [plain_channel(address) for address in (pubsub, pubsub, tasks)]
        self.topics = PublisherClient(transport=PublisherGrpcTransport(channel=self._channels[0]))
        self.subscriber = SubscriberClient(transport=SubscriberGrpcTransport(channel=self._channels[1]))
        self.tasks = CloudTasksClient(transport=CloudTasksGrpcTransport(channel=self._channels[2]))
        self.arrived = []
        self._subscriptions = []

    def topic(self, name="contact"):
        topic = f"projects/{PROJECT}/topics/{name}"
        self.topics.create_topic(name=topic)
        subscription = {"name": topic.replace("topics", "subscriptions"), "topic": topic}
        self.subscriber.create_subscription(request={**subscription, "enable_message_ordering": True})
        self._subscriptions.append(subscription)

    def queue(self, name="timers"):
        self.tasks.create_queue(request={"parent": PLACE, "queue": {"name": f"{PLACE}/queues/{name}"}})
        self.tasks.pause_queue(name=f"{PLACE}/queues/{name}")

    def pull(self):
        for subscription in self._subscriptions:
            request = {"subscription": subscription["name"], "max_messages": 500}
            received = list(self.subscriber.pull(request=request).received_messages)
            self.arrived += [each.message for each in received]
            if ids := [each.ack_id for each in received]:
                self.subscriber.acknowledge(request={"subscription": subscription["name"], "ack_ids": ids})
        return self.arrived

    def wait_for(self, count, seconds=20):
        """Until so many different events have arrived."""
        until(lambda: len({each.attributes["event_id"] for each in self.pull()}) >= count, seconds)
        return self.arrived

    def numbers(self):
        """By key, the numbers in the order in which they first arrived."""
        found: defaultdict[str, list[int]] = defaultdict(list)
        for envelope in (json.loads(message.data) for message in self.arrived):
            if envelope["number"] not in found[envelope["key"]]:
                found[envelope["key"]].append(envelope["number"])
        return dict(found)

    def kept_tasks(self, queue="timers"):
        request = {"parent": f"{PLACE}/queues/{queue}", "response_view": 2}
        return list(self.tasks.list_tasks(request=request))

    def forget(self):
        for subscription in self._subscriptions:
            self.subscriber.delete_subscription(subscription=subscription["name"])
            self.topics.delete_topic(topic=subscription["topic"])
        for queue in self.tasks.list_queues(parent=PLACE):
            self.tasks.delete_queue(name=queue.name)

    def close(self):
        for channel in self._channels:
            channel.close()


class Office:
    """Relays over one database and one wire; `refuse(topic, messages)` may raise before anything is published."""

    def __init__(self, database_url, wire):
        self.database_url = database_url
        self.publisher = Publisher(PROJECT, emulator=wire.addresses[0])
        self.queues = TaskQueues(PROJECT, REGION, ACCOUNT, emulator=wire.addresses[1])
        self.refuse = lambda topic, messages: None

    def publish(self, topic, messages, *, seconds):
        self.refuse(topic, messages)
        self.publisher.publish(topic, messages, seconds=seconds)

    def relay(self, *, sweeping=False):
        outlets = events_outlet(self), tasks_outlet(self.queues, FUNCTIONS)
        return Relay(self.database_url, *outlets, sweeping=sweeping)

    @contextmanager
    def running(self, relays=1):
        stop = threading.Event()
        threads = [threading.Thread(target=self.relay().run, args=(stop,)) for _ in range(relays)]
        for thread in threads:
            thread.start()
        try:
            yield stop
        finally:
            stop.set()
            for thread in threads:
                thread.join()

    def close(self):
        self.publisher.close()
        self.queues.close()


__all__ = ["Office", "Undelivered", "Wire", "event", "task", "until"]
