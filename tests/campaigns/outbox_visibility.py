"""Whether an event ever stays behind, however late its transaction commits and wherever the relay is killed."""

import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra.environment import ROOT
from infra.local.process import clean_environment
from shared.kernel.ids import uuid7
from shared.runtime.postgres import BEGIN, COMMIT, Connections, pipeline, sql
from tests.campaigns import carrier
from tests.campaigns.stage import stage
from tests.support.world import World

WRITERS = 32
LONGEST_WAIT = 0.5  # seconds between insert and commit
LONG, QUICK = 400, 20  # events of each writer
PATIENCE, WITH_FAULT = 15.0, 3.0  # seconds of silence after which nothing more is expected
RELAYS = 2
NOWHERE = subprocess.DEVNULL
BAR = "0 events skipped, 0 out of order within a key; an event may come twice, but under one id"
_INSERT = """
insert into outbox_events (id, tenant_id, topic, type, ordering_key, envelope)
values (:id, :tenant_id, 'contact', 'contact.created', :key, :envelope)
"""
_HINT = sql("select pg_notify('outbox', '')")


@dataclass
class Relays:
    """Keeps so many relays running: one that is gone is replaced at once."""

    url: str
    notebook: Path
    fault: tuple[str, ...]
    deaths: int = 0
    stop: threading.Event = field(default_factory=threading.Event)

    def keep(self, number: int) -> None:
        seed = number
        while not self.stop.is_set():
            seed += RELAYS
            command = (sys.executable, "-m", "tests.campaigns.carrier", self.url, str(self.notebook), str(seed))
            with subprocess.Popen(
                (*command, *self.fault), cwd=ROOT, env=clean_environment(), stdout=NOWHERE, stderr=NOWHERE
            ) as relay:
                while relay.poll() is None and not self.stop.wait(0.02):
                    pass
                self.deaths += relay.poll() is not None
                relay.kill()


@dataclass
class Writers:
    """What was committed: when, by event id; each writer's events are numbered in order."""

    pool: Connections
    events: int
    committed: dict[str, float] = field(default_factory=dict)

    def write(self, number: int) -> None:
        chance, tenant_id = random.Random(number), uuid7()
        for count in range(self.events):
            event_id = str(uuid7())
            facts = {"id": event_id, "tenant_id": tenant_id, "key": f"writer-{number}", "envelope": {"number": count}}
            with self.pool.take() as connection:
                pipeline(connection, BEGIN, sql("select set_config('app.tenant_id', :id, true)", id=tenant_id))
                pipeline(connection, sql(_INSERT, **facts))
                time.sleep(chance.uniform(0, LONGEST_WAIT))
                pipeline(connection, COMMIT, _HINT)
                self.committed[event_id] = time.time()


def measure(world: World, events: int, *fault: str) -> dict[str, Any]:
    """Let writers dawdle while relays carry and die."""
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(Connections(world.database.app_url)) as pool,
        ThreadPoolExecutor(WRITERS + RELAYS) as threads,
    ):
        notebook = Path(folder) / "published"
        notebook.touch()
        relays = Relays(world.database.relay_url, notebook, fault)
        kept = [threads.submit(relays.keep, number) for number in range(RELAYS)]
        writers = Writers(pool, events)
        try:
            list(threads.map(writers.write, range(WRITERS)))
            wait_for_all(writers, notebook, WITH_FAULT if fault else PATIENCE)
        finally:
            relays.stop.set()
        for each in kept:
            each.result()
        return figures(writers, notebook.read_text(), relays.deaths)


def wait_for_all(writers: Writers, notebook: Path, patience: float) -> None:
    """Until everything is published, or nothing more is for so long."""
    size, quiet_since = -1, time.monotonic()
    while len(published(notebook.read_text())) < len(writers.committed):
        if notebook.stat().st_size != size:
            size, quiet_since = notebook.stat().st_size, time.monotonic()
        if time.monotonic() - quiet_since > patience:
            return
        time.sleep(0.05)


def published(notes: str) -> dict[str, tuple[str, int, float]]:
    """By event id: its key, its number, and when it was first published."""
    found: dict[str, tuple[str, int, float]] = {}
    for line in notes.splitlines():
        event_id, key, number, at = line.split()
        found.setdefault(event_id, (key, int(number), float(at)))
    return found


def figures(writers: Writers, notes: str, deaths: int) -> dict[str, Any]:
    found = published(notes)
    skipped = writers.committed.keys() - found.keys()
    delays = sorted(found[each][2] - at for each, at in writers.committed.items() if each in found)
    told = {
        "events": len(writers.committed),
        "skipped": len(skipped),
        "unknown": len(found.keys() - writers.committed.keys()),
        "out_of_order": out_of_order(found),
        "twice": len(notes.splitlines()) - len(found),
        "relays_killed": deaths,
        "p50_ms": round(1000 * delays[len(delays) // 2]) if delays else None,
        "p99_ms": round(1000 * delays[len(delays) * 99 // 100]) if delays else None,
    }
    clean = not (told["skipped"] or told["unknown"] or told["out_of_order"])
    return {**told, "bar": BAR, "passed": clean and bool(writers.committed)}


def out_of_order(found: dict[str, tuple[str, int, float]]) -> int:
    """Events that were first published after a later one of their key; dicts keep the order of the notes."""
    numbers: dict[str, list[int]] = defaultdict(list)
    for key, number, _ in found.values():
        numbers[key].append(number)
    return sum(number < max(seen[:at], default=0) for seen in numbers.values() for at, number in enumerate(seen))


def run(long: bool) -> dict[str, Any]:
    with stage("outbox") as world:
        return measure(world, LONG if long else QUICK)


def _faulty(fault: str) -> Callable[[], dict[str, Any]]:
    def see() -> dict[str, Any]:
        with stage("outbox") as world:
            return measure(world, QUICK, fault)

    return see


FAULTS = {fault: _faulty(fault) for fault in carrier.PLANTED}
