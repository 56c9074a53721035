"""The warm reads again, with every call counted in a limits' store: one atomic call a request, ours and the peers'."""

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial

from infra.bench.figures import Figure, at_least, interleaved, medians
from tests.benchmarks.client import request
from tests.benchmarks.reads import OURS, compared, loaded
from tests.benchmarks.servers import ASYNCPG, BY_HAND, GET, LIST, PSYCOPG, Running, calls, counted, counter, started
from tests.benchmarks.stage import Stage

PEERS = (PSYCOPG, BY_HAND, ASYNCPG)


def figures(stage: Stage, rounds: int) -> list[Figure]:
    with ExitStack() as held:
        store = held.enter_context(counter(stage))
        one, listed, *peers = (
            held.enter_context(started(counted(server, store), stage)) for server in (GET, LIST, *PEERS)
        )
        lines = request("GET", "/api/v1/crm/contacts?limit=50", stage.token_headers)
        works = (
            ("GET by id, 16 at once, counted", one, stage.read, at_least(1.2)),
            ("list of 50, 16 at once, counted", listed, lambda _: lines, at_least(1.5)),
        )
        return [
            each
            for work, ours, message, aim in works
            for each in compared(work, _measured(store, ours, peers, message, rounds), aim)
        ]


def _measured(
    store: int, ours: Running, peers: list[Running], message: Callable[[int], bytes], rounds: int
) -> dict[str, float]:
    contestants = {OURS: ours, **{server.name: running for server, running in zip(PEERS, peers, strict=True)}}
    tried = {name: partial(counted_busy, store, running, message) for name, running in contestants.items()}
    return medians(interleaved(tried, rounds, discard=1))


def counted_busy(store: int, server: Running, message: Callable[[int], bytes]) -> float:
    """Answers per second that were counted: who goes on without a store that is too slow gets nothing for it."""
    before = calls(store)
    tally = loaded(server, message)
    return tally.per_second * min((calls(store) - before) / len(tally.latencies), 1)
