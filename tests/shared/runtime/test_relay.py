import json
import random
import signal
from datetime import UTC, datetime, timedelta
from threading import Lock

import pytest

from infra.local.bus import Bus
from shared.cloud.failures import Scope, Undelivered
from shared.runtime import lane, leases
from shared.runtime.postgres import COMMIT, connect, pipeline, sql
from tests.infra import programs
from tests.shared.runtime.post import ACCOUNT, FUNCTIONS, PLACE, TENANT, Office, Wire, event, task, until

WAITING = "select count(*) from {} where published_at is null"
KILLED_AFTER_PUBLISHING = """
import os, signal, sys
from threading import Event
from shared.cloud.pubsub import Publisher
from shared.runtime import leases
from shared.runtime.relay import Relay, events_outlet
leases.SECONDS, leases.MARGIN = 2.0, 0.5

class Killed(Publisher):
    def publish(self, *arguments, **options):
        super().publish(*arguments, **options)
        os.kill(os.getpid(), signal.SIGKILL)

Relay(sys.argv[1], events_outlet(Killed("ventros-local", emulator=sys.argv[2]))).run(Event())
"""


@pytest.fixture(scope="module")
def bus(tmp_path_factory):
    with Bus(tmp_path_factory.mktemp("bus"), service_account=ACCOUNT) as bus:
        yield bus


@pytest.fixture
def wire(bus):
    wire = Wire(bus)
    wire.topic()
    wire.queue()
    yield wire
    wire.forget()
    wire.close()


@pytest.fixture
def office(database, wire):
    office = Office(database.relay_url, wire)
    yield office
    office.close()


@pytest.fixture
def hasty(monkeypatch):
    """Leases and pauses that a test can wait for."""
    monkeypatch.setattr(leases, "SECONDS", 2.0)
    monkeypatch.setattr(leases, "MARGIN", 0.5)
    monkeypatch.setattr(leases, "RENEWED_EVERY", 0.2)
    monkeypatch.setattr(leases, "LOOKED_EVERY", 0.05)
    monkeypatch.setattr(lane, "FIRST_PAUSE", 0.02)


@pytest.fixture
def marked(world):
    """Waits until nothing of a table is left to publish."""
    return lambda table="outbox_events": until(lambda: world.value(WAITING.format(table)) == 0)


def put(world, *statements):
    world.admin.run(*statements)


def test_an_event_goes_out_as_its_envelope_with_what_filters_need(world, office, wire, marked):
    put(world, event(1, key="t:1"))
    with office.running():
        (message,) = wire.wait_for(1)
        marked()
    (row,) = world.rows("select id, attempts, published_at from outbox_events")
    assert json.loads(message.data) == {"number": 1, "key": "t:1", "aggregate_type": "contact"}
    assert message.ordering_key == "t:1"
    assert dict(message.attributes) == {
        "type": "contact.created",
        "tenant_id": str(TENANT),
        "event_id": row["id"],
        "aggregate_type": "contact",
    }
    assert row["attempts"] == 0


def test_a_task_goes_to_its_function_at_its_time(world, office, wire, marked):
    run_at = datetime.now(UTC) + timedelta(hours=1)
    put(world, task(1, name="once", run_at=run_at), task(2))
    with office.running():
        marked("outbox_tasks")
    named, plain = sorted(wire.kept_tasks(), key=lambda kept: not kept.name.endswith("/once"))
    assert named.name == f"{PLACE}/queues/timers/tasks/once"
    assert named.schedule_time == run_at
    assert json.loads(named.http_request.body) == {"number": 1}
    assert plain.http_request.url == f"{FUNCTIONS}/flush_message_group"
    assert plain.http_request.headers["Content-Type"] == "application/json"
    assert plain.http_request.oidc_token.service_account_email == ACCOUNT
    assert plain.http_request.oidc_token.audience == f"{FUNCTIONS}/flush_message_group"


def test_a_second_task_of_a_name_counts_as_done(world, office, wire, marked):
    put(world, task(1, name="twice"), task(2, name="twice"))
    with office.running():
        marked("outbox_tasks")
    assert len(wire.kept_tasks()) == 1


def test_a_task_further_off_than_cloud_tasks_takes_waits(world, office, wire, marked):
    put(world, task(1, run_at=datetime.now(UTC) + timedelta(days=40)), task(2))
    with office.running():
        until(lambda: len(wire.kept_tasks()) == 1)
        until(lambda: world.value(WAITING.format("outbox_tasks")) == 1)
    assert json.loads(wire.kept_tasks()[0].http_request.body) == {"number": 2}


def test_the_order_of_a_key_survives_failures(world, office, wire, marked, hasty):
    chance, lock = random.Random(7), Lock()

    def refuse(topic, messages):
        with lock:
            if chance.random() < 0.3:
                raise Undelivered("not now", Scope.MESSAGE)

    office.refuse = refuse
    put(world, *(event(number, key=f"key {number % 7}") for number in range(210)))
    with office.running():
        wire.wait_for(210)
        marked()
    assert wire.numbers() == {f"key {key}": list(range(key, 210, 7)) for key in range(7)}
    assert world.value("select count(*) from outbox_events where attempts > 0") > 0


def test_a_key_that_fails_holds_up_nobody_else(world, office, wire):
    def refuse(topic, messages):
        if messages[0].ordering_key == "bad":
            raise Undelivered("InvalidArgument: too much", Scope.MESSAGE)

    office.refuse = refuse
    put(world, *(event(number, key=key) for number in range(30) for key in ("bad", "good")))
    with office.running():
        wire.wait_for(30)
        until(lambda: world.value(WAITING.format("outbox_events")) == 30)
    assert wire.numbers() == {"good": list(range(30))}
    failed = world.rows("select envelope, last_error from outbox_events where attempts > 0")
    assert [(row["envelope"]["number"], row["last_error"]) for row in failed] == [(0, "InvalidArgument: too much")]


def test_what_stands_before_a_bad_event_gets_through_and_what_follows_waits(world, office, wire, hasty):
    def refuse(topic, messages):
        if any(json.loads(message.data)["number"] == 3 for message in messages):
            raise Undelivered("bad", Scope.MESSAGE)

    office.refuse = refuse
    put(world, *(event(number) for number in range(6)))
    with office.running():
        wire.wait_for(3)
        until(lambda: world.value("select count(*) from outbox_events where attempts > 2") == 1)
    assert wire.numbers() == {"a": [0, 1, 2]}


def test_a_missing_topic_holds_up_no_other(world, office, wire):
    put(world, *(event(number, key=str(number), topic="nowhere") for number in range(40)), event(99, key="b"))
    with office.running():
        wire.wait_for(1)
    assert wire.numbers() == {"b": [99]}
    assert world.value("select max(last_error) from outbox_events").startswith("NotFound")


def test_an_event_that_becomes_visible_late_is_not_skipped(database, world, office, wire, marked):
    slow = connect(database.admin_url)
    pipeline(slow, sql("begin"), event(1, key="slow"))
    put(world, event(2, key="quick"))
    with office.running():
        wire.wait_for(1)
        marked()
        pipeline(slow, COMMIT)
        wire.wait_for(2)
        marked()
    slow.close()
    assert wire.numbers() == {"quick": [2], "slow": [1]}


def test_two_relays_share_the_shards_and_keep_the_order(world, office, wire, marked, hasty):
    with office.running(relays=2):
        until(
            lambda: (
                world.rows("select count(*) as shards from relay_leases where expires_at > now() group by holder")
                == [{"shards": 8}] * 2
            )
        )
        for start in range(0, 300, 50):
            put(world, *(event(number, key=f"key {number % 20}") for number in range(start, start + 50)))
        wire.wait_for(300)
        marked()
    assert wire.numbers() == {f"key {key}": list(range(key, 300, 20)) for key in range(20)}
    assert len(wire.arrived) == 300


def test_a_relay_that_joins_or_leaves_moves_shards_without_disorder(world, office, wire, marked, hasty):
    with office.running():
        for start in range(0, 400, 100):
            with office.running():
                put(world, *(event(number, key=f"key {number % 10}") for number in range(start, start + 100)))
                wire.wait_for(start + 20)
        wire.wait_for(400)
        marked()
    assert wire.numbers() == {f"key {key}": list(range(key, 400, 10)) for key in range(10)}


def test_the_shards_of_a_dead_relay_are_taken_when_its_leases_end(world, office, wire, marked, hasty):
    world.run(
        "insert into relay_leases (shard, holder, expires_at) "
        "select shard, 'dead', now() + interval '1.5 seconds' from generate_series(0, 15) as shard"
    )
    put(world, event(1))
    with office.running():
        wire.wait_for(1)
        marked()
        published, ended = world.rows("select published_at at from outbox_events"), world.now()
    assert datetime.fromisoformat(published[0]["at"]) <= ended
    assert world.value("select published_at > created_at + interval '1 second' from outbox_events")


def test_a_relay_killed_before_it_marks_sends_the_same_event_again(database, world, office, wire, marked, hasty):
    put(world, event(1))
    killed = programs.run("-c", KILLED_AFTER_PUBLISHING, database.relay_url, wire.addresses[0])
    assert killed.returncode == -signal.SIGKILL, killed.stdout
    assert world.value(WAITING.format("outbox_events")) == 1
    with office.running():
        until(lambda: len(wire.pull()) == 2)
        marked()
    assert len({message.attributes["event_id"] for message in wire.arrived}) == 1


def test_it_waits_for_pubsub_and_says_so_once(tmp_path, database, world, marked, caplog):
    with Bus(tmp_path / "away", service_account=ACCOUNT) as bus:
        port = bus.pubsub_port
        wire = Wire(bus)
        wire.topic()
        office = Office(database.relay_url, wire)
    with office.running():
        put(world, *(event(number, key=str(number)) for number in range(40)))
        until(lambda: "away" in caplog.messages)
        with Bus(tmp_path / "away", service_account=ACCOUNT, pubsub_port=port):
            wire.wait_for(40)
            marked()
    office.close()
    wire.close()
    assert caplog.messages.count("away") == 1
    assert world.value("select max(attempts) from outbox_events") == 0


def test_it_finds_a_database_that_was_away(database, world, office, wire, marked):
    with office.running():
        put(world, event(1))
        wire.wait_for(1)
        marked()
        world.run("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'ventros_relay'")
        put(world, event(2))
        wire.wait_for(2)
        marked()
    assert wire.numbers() == {"a": [1, 2]}


def test_it_hands_over_when_it_stops(world, office, wire, marked):
    with office.running():
        until(lambda: world.value("select count(*) from relay_leases") == 16)
    assert world.value("select count(*) from relay_leases") == 0
    assert world.value("select count(*) from relays") == 0


def test_a_sweep_carries_what_waits_and_ends(world, office, wire):
    put(world, *(event(number, key=str(number)) for number in range(100)), task(1))
    office.relay(sweeping=True).sweep(seconds=20)
    assert len(wire.wait_for(100)) == 100
    assert len(wire.kept_tasks()) == 1
    assert world.value("select count(*) from relay_leases") == 0


def test_a_sweep_leaves_alone_what_a_relay_holds(world, office, wire):
    world.run(
        "insert into relay_leases (shard, holder, expires_at) "
        "select shard, 'alive', now() + interval '1 minute' from generate_series(0, 15) as shard"
    )
    put(world, event(1))
    office.relay(sweeping=True).sweep(seconds=20)
    assert world.value(WAITING.format("outbox_events")) == 1
    assert world.value("select count(*) from relay_leases where holder = 'alive'") == 16
