import json
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from itertools import groupby

import pytest
from google.api_core.exceptions import AlreadyExists

from infra.local.bus import Bus
from tests.infra.local.conftest import ACCOUNT, SCALE
from tests.infra.local.receiver import until


@pytest.fixture
def start(tmp_path):
    """Starts the bus as a process of its own over one data directory, as often as asked."""
    processes = []

    def begin():
        log = (tmp_path / "log").open("a")
        arguments = ["--data", str(tmp_path / "data"), "--service-account", ACCOUNT, "--scale", str(SCALE)]
        process = subprocess.Popen(
            [sys.executable, "-m", "infra.local.bus", *arguments],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        log.close()
        processes.append(process)
        assert process.stdout
        return process, json.loads(process.stdout.readline())

    yield begin
    for process in processes:
        process.kill()
        process.communicate()


def test_nothing_acknowledged_is_lost_by_a_kill(start, receiver, pubsub_clients, tasks_clients):
    process, ports = start()
    pubsub, tasks = pubsub_clients(ports["pubsub_port"]), tasks_clients(ports["tasks_port"])
    topic, queue = pubsub.topic(), tasks.queue()
    pubsub.subscribe(topic, receiver.url + "/push", enable_message_ordering=True, filter="attributes:n")
    tasks.create(queue, receiver.url + "/done", name="done")
    until(lambda: tasks.names(queue) == [])
    deleted = tasks.create(queue, receiver.url + "/deleted", name="deleted", schedule_time=_in(1))
    tasks.api.delete_task(name=deleted.name)
    receiver.answer = lambda _: 503

    published = [pubsub.publish(topic, n=str(n), ordering_key=f"k{n % 7}") for n in range(100)]
    created = [tasks.create(queue, receiver.url + f"/task/{n}", schedule_time=_in(1)).name for n in range(50)]
    process.kill()
    process.wait()
    receiver.sent.clear()
    receiver.answer = lambda _: 200
    _, ports = start()

    tasks = tasks_clients(ports["tasks_port"])
    for name in ("done", "deleted"):
        with pytest.raises(AlreadyExists):
            tasks.create(queue, receiver.url, name=name)
    pushed = [sent.json["message"] for sent in receiver.wait(100, "/push")]
    assert sorted(message["messageId"] for message in pushed) == sorted(published)
    for _, of_key in groupby(sorted(pushed, key=lambda m: m["orderingKey"]), key=lambda m: m["orderingKey"]):
        ids = [message["messageId"] for message in of_key]
        assert ids == sorted(ids)
    sent = receiver.wait(50, "/task")
    assert {one.headers["x-cloudtasks-taskname"] for one in sent} == {name.rpartition("/")[2] for name in created}
    assert receiver.at("/d") == []


def _in(seconds):
    return datetime.now(UTC) + timedelta(seconds=seconds)


def test_ids_go_on_rising_and_the_attempts_are_remembered_after_a_restart(tmp_path, receiver, pubsub_clients):
    receiver.answer = lambda _: 500
    with Bus(tmp_path, service_account=ACCOUNT, scale=SCALE) as bus:
        pubsub = pubsub_clients(bus.pubsub_port)
        topic, letters = pubsub.topic(), pubsub.topic("letters")
        policy = {"dead_letter_topic": letters, "max_delivery_attempts": 100}
        first = pubsub.publish(topic)
        pubsub.subscribe(
            topic, receiver.url, dead_letter_policy=policy, retry_policy={"minimum_backoff": {"seconds": 5}}
        )
        second = pubsub.publish(topic)
        receiver.wait(2)
    before = len(receiver.sent)
    with Bus(tmp_path, service_account=ACCOUNT, scale=SCALE) as bus:
        third = pubsub_clients(bus.pubsub_port).publish(topic)
        receiver.wait(before + 1)

    assert int(first) < int(second) < int(third)
    assert receiver.sent[before].json["deliveryAttempt"] >= before


def test_a_terminated_bus_stops_at_once_though_a_push_is_under_way(start, receiver, pubsub_clients):
    process, ports = start()
    pubsub = pubsub_clients(ports["pubsub_port"])
    topic = pubsub.topic()
    pubsub.subscribe(topic, receiver.url, ack_deadline_seconds=600)

    def answer(_):
        until(lambda: process.poll() is not None)
        return 200

    receiver.answer = answer
    pubsub.publish(topic)
    receiver.wait(1)

    begun = time.monotonic()
    process.send_signal(signal.SIGTERM)

    assert process.wait(10) == 0
    assert time.monotonic() - begun < 5


def test_a_log_line_is_json_and_holds_no_message(tmp_path, start, receiver, pubsub_clients):
    process, ports = start()
    pubsub = pubsub_clients(ports["pubsub_port"])
    topic = pubsub.topic()
    pubsub.subscribe(topic, receiver.url)
    receiver.answer = lambda _: 500 if len(receiver.sent) < 3 else 200
    pubsub.publish(topic, b"secret text", phone="5511999990000")
    receiver.wait(3)
    process.terminate()

    process.wait(10)

    log = (tmp_path / "log").read_text()
    lines = [json.loads(line) for line in log.splitlines()]
    assert {line["subscription"] for line in lines} == {"projects/p/subscriptions/consumer"}
    assert all(fact not in log for fact in ("secret", "c2Vjcm", "5511"))


def test_a_second_bus_over_one_directory_is_refused(tmp_path, bus):
    with (
        pytest.raises(RuntimeError, match="another local cloud"),
        Bus(tmp_path / "bus", service_account=ACCOUNT),
    ):
        raise AssertionError("two buses run over one directory")


def test_a_taken_port_is_refused(tmp_path, bus):
    with (
        pytest.raises(RuntimeError, match="bind"),
        Bus(tmp_path / "other", service_account=ACCOUNT, pubsub_port=bus.pubsub_port),
    ):
        raise AssertionError("two buses listen on one port")
