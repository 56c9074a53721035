"""Sixteen writers at once: what the outbox and its relay cost them."""

import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from infra.bench.figures import Figure, at_least, interleaved, medians
from shared.runtime.postgres import connections
from tests.benchmarks.relay import relaying, settle, write
from tests.benchmarks.stage import Stage

WRITERS = 16
SECONDS = 4.0
WITH, WITHOUT = "with the relay on", "without an outbox"


def figures(stage: Stage, rounds: int) -> list[Figure]:
    with relaying(stage):
        contestants = {WITH: partial(commits, stage, outbox=True), WITHOUT: partial(commits, stage, outbox=False)}
        found = medians(interleaved(contestants, rounds, discard=1))
    work = f"commits of {WRITERS} writers, relay on"
    return [
        Figure(work=work, peer=WITHOUT, unit="/s", ours=found[WITH], theirs=found[WITHOUT], aim=at_least(0.8)),
    ]


def commits(stage: Stage, *, outbox: bool) -> float:
    """Commits per second, starting when nothing waits for the relay."""
    settle(stage)
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
