"""Sixteen writers at once: what the outbox and its relay cost them."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from infra.bench.figures import Figure, at_least, interleaved, medians
from infra.local.postgres import run
from shared.runtime.postgres import connections
from tests.benchmarks.relay import relaying, settle, write
from tests.benchmarks.stage import Stage

WRITERS = 16
SECONDS = 4.0
WITH, WITHOUT = "relay on", "without an outbox"
ROWS = "its rows but no relay"


def figures(stage: Stage, rounds: int) -> list[Figure]:
    with relaying(stage):
        carried = compared({WITH: True, WITHOUT: False}, partial(_when_settled, stage), rounds)
    left = compared({ROWS: True, WITHOUT: False}, partial(commits, stage), rounds)
    # A relay that comes later shall not find them all waiting.
    run(stage.database.admin_url, "truncate outbox_events")
    works = ((WITH, carried, at_least(0.8)), (ROWS, left, None))
    return [
        Figure(
            work=f"commits of {WRITERS} writers, {name}",
            peer=WITHOUT,
            unit="/s",
            ours=found[name],
            theirs=found[WITHOUT],
            aim=aim,
        )
        for name, found, aim in works
    ]


def compared(ways: dict[str, bool], measured: Callable[..., float], rounds: int) -> dict[str, float]:
    contestants = {name: partial(measured, outbox=outbox) for name, outbox in ways.items()}
    return medians(interleaved(contestants, rounds, discard=1))


def _when_settled(stage: Stage, *, outbox: bool) -> float:
    """The same, starting when nothing waits for the relay."""
    settle(stage)
    return commits(stage, outbox=outbox)


def commits(stage: Stage, *, outbox: bool) -> float:
    """Commits per second."""
    began = time.monotonic()
    with ThreadPoolExecutor(WRITERS) as pool:
        counted = pool.map(lambda _: _commit_until(stage, began + SECONDS, outbox=outbox), range(WRITERS))
        return sum(counted) / (time.monotonic() - began)


def _commit_until(stage: Stage, end: float, *, outbox: bool) -> int:
    count = 0
    with connections(stage.database.app_url).take() as connection:
        while time.monotonic() < end:
            write(connection, stage, outbox=outbox)
            count += 1
    return count
