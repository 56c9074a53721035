import socket
import time

import pytest

from infra.local.redis import LocalRedis
from shared.cloud.redis import FAILURES, Redis, StoreAway

TOKEN = "the-stores-own"
COUNT = "return {redis.call('INCR', KEYS[1]), ARGV[1]}"


@pytest.fixture
def server():
    with LocalRedis(TOKEN) as running:
        yield running


@pytest.fixture
def client():
    made = []

    def make(url, *, token=TOKEN, deadline=5.0):
        made.append(Redis(url, token, deadline=deadline))
        return made[-1]

    yield make
    for each in made:
        each.close()


def test_a_script_runs_in_the_store(server, client):
    store = client(server.url)
    assert [store.run(COUNT, ["k"], ["v"]) for _ in range(2)] == [[1, "v"], [2, "v"]]


def test_another_token_is_refused(server, client):
    with pytest.raises(StoreAway):
        client(server.url, token="another").run(COUNT, ["k"], ["v"])


def test_a_script_that_breaks_is_the_store_away(server, client):
    with pytest.raises(StoreAway):
        client(server.url).run("return nothing(", ["k"], ["v"])


def test_nobody_waits_longer_than_the_deadline_and_then_nobody_asks(client):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        store = client(f"http://127.0.0.1:{silent.getsockname()[1]}", deadline=0.075)
        for _ in range(FAILURES):
            began = time.monotonic()
            with pytest.raises(StoreAway):
                store.run(COUNT, ["k"], ["v"])
            assert time.monotonic() - began < 1
        with pytest.raises(StoreAway, match="not asked"):
            store.run(COUNT, ["k"], ["v"])
