import grpc
import pytest
from google.cloud.pubsub_v1 import PublisherClient, SubscriberClient
from google.cloud.pubsub_v1.types import PublisherOptions
from google.cloud.tasks_v2 import CloudTasksClient, Queue, Task
from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcTransport

from infra.local.bus import Bus
from tests.infra.local.receiver import Receiver

SCALE = 0.02  # an ack deadline of 10 s is over in 0.2 s
ACCOUNT = "pusher@ventros-local.iam.gserviceaccount.com"


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture
def bus(tmp_path, receiver):
    with Bus(tmp_path / "bus", service_account=ACCOUNT, scale=SCALE) as bus:
        yield bus


class PubSubClients:
    def __init__(self, port):
        self.publisher = PublisherClient(publisher_options=PublisherOptions(enable_message_ordering=True))
        self.subscriber = SubscriberClient()

    def topic(self, name="events"):
        return self.publisher.create_topic(name=f"projects/p/topics/{name}").name

    def subscribe(self, topic, url=None, name="consumer", ack_deadline_seconds=600, **fields):
        fields |= {"topic": topic, "ack_deadline_seconds": ack_deadline_seconds}
        fields |= {"push_config": {"push_endpoint": url}} if url else {}
        request = {"name": f"projects/p/subscriptions/{name}", **fields}
        return self.subscriber.create_subscription(request=request).name

    def publish(self, topic, data=b"hello", ordering_key="", **attributes):
        return self.publisher.publish(topic, data, ordering_key=ordering_key, **attributes).result(timeout=20)

    def pull_once(self, subscription):
        request = {"subscription": subscription, "max_messages": 10}
        return list(self.subscriber.pull(request=request, timeout=20).received_messages)

    def pull(self, subscription):
        """What is there, as soon as something is; the server holds each call open for a while."""
        while not (pulled := self.pull_once(subscription)):
            pass
        return pulled

    def close(self):
        self.publisher.stop()
        self.publisher.transport.close()
        self.subscriber.close()


@pytest.fixture
def pubsub_clients(monkeypatch):
    """Makes the real clients, pointed at a port as Google's own emulator is."""
    opened = []

    def connect(port):
        monkeypatch.setenv("PUBSUB_EMULATOR_HOST", f"127.0.0.1:{port}")
        opened.append(PubSubClients(port))
        return opened[-1]

    yield connect
    for clients in opened:
        clients.close()


@pytest.fixture
def pubsub(bus, pubsub_clients):
    return pubsub_clients(bus.pubsub_port)


class TasksClient:
    parent = "projects/p/locations/here"

    def __init__(self, port):
        self.api = CloudTasksClient(
            transport=CloudTasksGrpcTransport(channel=grpc.insecure_channel(f"127.0.0.1:{port}"))
        )

    def queue(self, name="work", **fields):
        queue = Queue(name=f"{self.parent}/queues/{name}", **fields)
        return self.api.create_queue(parent=self.parent, queue=queue).name

    def create(self, queue, url, name=None, schedule_time=None, **request):
        task = Task(http_request={"url": url, **request}, schedule_time=schedule_time)
        task.name = f"{queue}/tasks/{name}" if name else ""
        return self.api.create_task(parent=queue, task=task)

    def names(self, queue):
        return [task.name for task in self.api.list_tasks(parent=queue)]

    def close(self):
        self.api.transport.close()


@pytest.fixture
def tasks_clients():
    opened = []

    def connect(port):
        opened.append(TasksClient(port))
        return opened[-1]

    yield connect
    for client in opened:
        client.close()


@pytest.fixture
def tasks(bus, tasks_clients):
    return tasks_clients(bus.tasks_port)
