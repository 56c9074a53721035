"""Whether every server that is compared answers what it should; how fast is no question of a test."""

import importlib.util
import json
import os

import pytest

from tests.benchmarks.client import ask, is_success, load, request
from tests.benchmarks.servers import (
    ASYNCPG,
    BARE,
    CREATE,
    GET,
    LIST,
    PARSED,
    PSYCOPG,
    RECEIVE,
    REMEMBERING,
    first_answer,
    started,
)
from tests.benchmarks.stage import staged

needs_peers = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("asyncpg", "fastapi", "psycopg", "uvicorn")),
    reason="the dependency group `bench` is not installed here",
)


@pytest.fixture(scope="module")
def stage():
    with staged(contacts=60) as made:
        yield made


def answered(server, stage, message):
    with started(server, stage) as running:
        answer = ask(running.port, message)
    assert is_success(answer), answer
    return answer.partition(b"\r\n\r\n")[2]


def lines(stage):
    return request("GET", "/api/v1/crm/contacts?limit=50", stage.token_headers)


def test_the_bare_function(stage):
    assert answered(BARE, stage, request("GET", "/", {})) == b"hello"


@pytest.mark.parametrize("server", [RECEIVE, PARSED], ids=lambda server: server.name)
def test_a_delivery_is_taken_and_one_with_a_wrong_signature_is_not(stage, server):
    good = stage.delivery(0, 1)
    with started(server, stage) as running:
        assert is_success(ask(running.port, good))
        assert b" 401 " in ask(running.port, good.replace(b"X-Webhook-Hmac: ", b"X-Webhook-Hmac: 0"))


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="here nobody says which processors are whose")
def test_a_server_has_one_processor_as_an_instance_has(stage):
    with started(BARE, stage) as running:
        ask(running.port, request("GET", "/", {}))
        assert len(os.sched_getaffinity(running.group)) == 1


def test_a_client_of_many_connections_counts_what_was_answered(stage):
    with started(BARE, stage) as running:
        tally = load(running.port, iter([request("GET", "/", {})] * 20), connections=4, seconds=60)
    assert (len(tally.latencies), tally.refused) == (20, [])
    assert tally.per_second > 0


def test_the_first_answer_takes_its_time(stage):
    assert first_answer(GET, stage, stage.read(0)) > 0


@needs_peers
@pytest.mark.parametrize("server", [PSYCOPG, ASYNCPG], ids=lambda server: server.name)
def test_a_peer_shows_the_same_contact_and_the_same_list(stage, server):
    ours, theirs = (json.loads(answered(each, stage, stage.read(3))) for each in (GET, server))
    assert theirs.keys() == ours.keys()
    assert {name: theirs[name] for name in ("id", "name", "phone", "identities")} == {
        name: ours[name] for name in ("id", "name", "phone", "identities")
    }
    listed = [json.loads(answered(each, stage, lines(stage)))["data"] for each in (LIST, server)]
    assert [each["id"] for each in listed[0]] == [each["id"] for each in listed[1]]
    assert len(listed[0]) == 50


@needs_peers
def test_a_peer_writes_as_we_do(stage):
    messages = {CREATE: stage.new_contact(0), PSYCOPG: stage.new_contact(1)}
    ours, theirs = (json.loads(answered(server, stage, message)) for server, message in messages.items())
    assert theirs.keys() == ours.keys()


@needs_peers
@pytest.mark.parametrize("server", [PSYCOPG, REMEMBERING, ASYNCPG], ids=lambda server: server.name)
def test_a_peer_refuses_a_token_that_is_not_good(stage, server):
    forged = stage.read(0).replace(b"Bearer e", b"Bearer f")
    with started(server, stage) as running:
        assert not is_success(ask(running.port, forged))
