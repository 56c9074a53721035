"""Whether the store of the counted reads says what the script says, and is asked once for each request."""

import importlib.util
import json

import fakeredis
import pytest

from shared.runtime.limits import SCRIPT
from tests.benchmarks import counter as store
from tests.benchmarks.client import ask, is_success
from tests.benchmarks.servers import ASYNCPG, BY_HAND, GET, PSYCOPG, calls, counted, counter, started
from tests.benchmarks.stage import staged

PEERS = [
    pytest.param(each, marks=pytest.mark.skipif(importlib.util.find_spec("fastapi") is None, reason="no peers here"))
    for each in (PSYCOPG, BY_HAND, ASYNCPG)
]


def test_it_says_what_the_script_says():
    redis = fakeredis.FakeStrictRedis(server=fakeredis.FakeServer(version=(7,)), protocol=2)
    for number in range(5):
        asked = ["EVAL", SCRIPT, 2, "person", "tenant", "60", f"m{number}", "3", "100"]
        free, _, (mine, wait, all_of_us, _) = json.loads(store.answer(json.dumps(asked).encode()))["result"]
        theirs = redis.execute_command(*asked)
        assert (free, mine, all_of_us) == (theirs[0], theirs[2][0], theirs[2][2])
        assert wait == pytest.approx(int(theirs[2][1]), abs=5e6)
    assert (free, mine, all_of_us) == (0, 3, 3)


@pytest.fixture(scope="module")
def stage():
    with staged(contacts=60) as made:
        yield made


@pytest.mark.parametrize("server", [GET, *PEERS], ids=lambda server: server.name)
def test_each_request_is_one_call(stage, server):
    with counter(stage) as port, started(counted(server, port), stage) as running:
        assert all(is_success(ask(running.port, stage.read(number))) for number in range(3))
        assert calls(port) == 3
