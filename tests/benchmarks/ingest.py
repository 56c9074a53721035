"""Deliveries of a provider, 16 at a time, kept by one functions process."""

from collections.abc import Callable
from functools import partial
from itertools import count

from infra.bench.figures import Figure, at_least, interleaved, medians
from tests.benchmarks.client import load
from tests.benchmarks.servers import PARSED, RECEIVE, Running, started
from tests.benchmarks.stage import CHATS, Stage, analyse

SECONDS = 5.0
AT_ONCE = 16
MOST_PER_SECOND = 1200  # deliveries that are made ready for a run, so that making them costs nothing while it goes on


def figures(stage: Stage, rounds: int) -> list[Figure]:
    with started(RECEIVE, stage) as ours, started(PARSED, stage) as parsed:
        for chats in (CHATS, 1):
            delivered(stage, ours, chats, 1)
        analyse(stage.database)
        contestants: dict[str, Callable[[], float]] = {
            PARSED.name: partial(delivered, stage, parsed, CHATS, 2),
            "many": partial(delivered, stage, ours, CHATS, 1),
            "one": partial(delivered, stage, ours, 1, 1),
        }
        found = medians(interleaved(contestants, rounds, discard=1))
    works = (("webhook ingest over 500 chats", "many"), ("webhook ingest over one chat", "one"))
    return [
        Figure(
            work=work,
            peer=PARSED.name,
            unit="/s",
            ours=found[name],
            theirs=found[PARSED.name],
            aim=at_least(0.35),
        )
        for work, name in works
    ]


def delivered(stage: Stage, server: Running, chats: int, scale: int) -> float:
    """Deliveries per second; every one is a message of its own."""
    numbers = count()
    ready = [stage.delivery(next(numbers), chats) for _ in range(int(SECONDS * MOST_PER_SECOND * scale))]
    return load(server.port, iter(ready), connections=AT_ONCE, seconds=SECONDS).per_second
