import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from infra.local.postgres import free_port
from shared.core.health import checks
from tests.functions.health.nowhere import nowhere, states
from tests.support.environment import environment
from tests.support.redis import counting, pointed_at


@pytest.fixture
def silent():
    """A server that lets everybody in and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        yield f"postgresql://nobody:x@127.0.0.1:{server.getsockname()[1]}/none"


@pytest.fixture
def hurried(monkeypatch):
    monkeypatch.setattr(checks, "DEADLINE", 0.3)


def test_it_is_well_and_says_which_schema_it_serves(api, world):
    answer = api.get("/health")
    assert answer.status_code == 200
    assert answer.json["status"] == "ok"
    assert answer.json["schema"] == world.value("select version_num from schema_version")
    assert states(answer) == {"database": "ok", "migrations": "ok", "redis": "off", "queue": "ok"}
    assert {each["name"] for each in answer.json["components"] if each["required"]} == {"database", "migrations"}
    assert all(0 <= each["latency_ms"] < 2000 for each in answer.json["components"])


def test_without_its_database_it_is_not(api):
    with environment({"DATABASE_URL": nowhere()}):
        answer = api.get("/health")
    assert answer.status_code == 503
    assert answer.json["error"]["code"] == "unavailable"
    assert answer.headers["Retry-After"] == "1"
    told = {each["name"]: each["state"] for each in answer.json["error"]["details"]["components"]}
    assert told == {"database": "failed", "migrations": "failed", "redis": "off", "queue": "ok"}


def test_what_can_be_done_without_is_never_a_failure(api, database):
    with pointed_at(f"http://127.0.0.1:{free_port()}"), environment({"OBSERVER_DATABASE_URL": nowhere()}):
        answer = api.get("/health")
    assert (answer.status_code, answer.json["status"]) == (200, "degraded")
    assert states(answer) == {"database": "ok", "migrations": "ok", "redis": "failed", "queue": "failed"}


def test_the_store_is_asked_where_there_is_one(api, database):
    with counting():
        answer = api.get("/health")
    assert (answer.json["status"], states(answer)["redis"]) == ("ok", "ok")


def test_events_that_lie_too_long_are_told(api, tenant, world):
    world.run(
        "insert into outbox_events (id, tenant_id, topic, type, ordering_key, envelope) "
        "values (gen_random_uuid(), :id, 't', 't.done', 'k', '{}')",
        id=tenant.tenant_id,
    )
    assert states(api.get("/health"))["queue"] == "ok"
    world.advance(90)
    answer = api.get("/health")
    assert (answer.status_code, states(answer)["queue"]) == (200, "failed")
    (queue,) = (each for each in answer.json["components"] if each["name"] == "queue")
    assert queue["detail"] == "the oldest event has waited 90 s, and 0 relays are at work"


def test_nobody_waits_for_what_hangs(api, silent, hurried):
    with environment({"DATABASE_URL": silent, "OBSERVER_DATABASE_URL": silent}), ThreadPoolExecutor(8) as callers:
        began = time.monotonic()
        answers = list(callers.map(lambda _: api.get("/health"), range(16)))
        took = time.monotonic() - began
    assert [answer.status_code for answer in answers] == [503] * 16
    assert took < 5
    details = answers[0].json["error"]["details"]["components"]
    assert {each["detail"] for each in details if each["name"] != "redis"} == {"does not answer within 0.3 s"}


def test_nothing_is_told_of_what_others_say(api):
    with environment({"DATABASE_URL": "postgresql://nobody:hunter2@127.0.0.1:1/none"}):
        answer = api.get("/health")
    assert "hunter2" not in answer.text
    assert "127.0.0.1" not in answer.text
