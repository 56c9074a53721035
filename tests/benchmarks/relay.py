"""How long an event takes from its commit to the word that Pub/Sub has it, under few and under many writes."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial

from infra.bench.figures import Figure, at_most, percentile
from infra.environment import ROOT
from infra.local.ports import listens
from infra.local.postgres import HOST, free_port, wait_until
from infra.local.process import Child
from infra.local.topology import Topology, builder
from infra.manifest import declarations
from shared.crm.contacts.model import Contact, ContactSource
from shared.runtime.bulk import Batch
from shared.runtime.identity import tenant_scope
from shared.runtime.outbox import Outgoing
from shared.runtime.postgres import BEGIN, COMMIT, Connection, connections, pipeline, sql
from shared.runtime.settings import settings
from tests.benchmarks.servers import keep_on_one_processor
from tests.benchmarks.stage import Stage

PATIENCE = 60.0
RATES = ((1, 20.0), (100, 10.0))  # writes a second, and for how many seconds
THREADS = 4
_CLOCK = sql("select extract(epoch from clock_timestamp())")
_WAITING = sql("select count(*) from outbox_events where published_at is null")
_PUBLISHED = "select id, extract(epoch from published_at) from outbox_events where id = any(cast(:ids as uuid[]))"


def figures(stage: Stage, rounds: int) -> list[Figure]:
    with relaying(stage):
        found = {rate: latencies(stage, rate, seconds) for rate, seconds in RATES}
    made = []
    for rate, times in found.items():
        work = f"commit to publish acknowledged, {rate}/s"
        made.append(Figure(work=f"{work}, p50", peer="", unit="ms", ours=percentile(times, 0.5)))
        made.append(Figure(work=f"{work}, p95", peer="", unit="ms", ours=percentile(times, 0.95), aim=at_most(100)))
    return made


@contextmanager
def relaying(stage: Stage) -> Iterator[None]:
    """The relay and what it publishes to, each a process of its own, with nothing waiting at the start."""
    pubsub, tasks = free_port(), free_port()
    hosts = {"PUBSUB_EMULATOR_HOST": f"{HOST}:{pubsub}", "CLOUD_TASKS_EMULATOR_HOST": f"{HOST}:{tasks}"}
    account = settings().pusher_account
    bus = ("infra.local.bus", "--data", str(stage.folder / f"bus{pubsub}"), "--service-account", account)
    ports = ("--pubsub-port", str(pubsub), "--tasks-port", str(tasks))
    with ExitStack() as held:
        held.enter_context(program(stage, *bus, *ports))
        wait_until(lambda: listens(pubsub) and listens(tasks), PATIENCE)
        with builder(settings(), *hosts.values()) as made:
            made.build(replace(Topology.of(declarations()), subscriptions=(), schedules=()))
        held.enter_context(program(stage, "infra.local.services", "relay_outbox", **hosts))
        settle(stage)
        yield


@contextmanager
def program(stage: Stage, *words: str, **extra: str) -> Iterator[None]:
    command = (sys.executable, "-m", *words)
    with Child(command, {**stage.env, **extra}, stage.folder / f"{words[0]}.log", cwd=ROOT) as child:
        keep_on_one_processor(child.pid)
        yield


def settle(stage: Stage) -> None:
    """Wait until the relay has published all there is."""
    relay = connections(stage.database.relay_url)
    assert wait_until(lambda: relay.run(_WAITING)[0][0][0] == "0", PATIENCE * 5), "the relay does not get on"


def latencies(stage: Stage, rate: int, seconds: float) -> list[float]:
    """Milliseconds from commit to acknowledgement, of every event of so many writes a second."""
    committed: dict[str, float] = {}
    began = time.monotonic()
    threads = [
        threading.Thread(target=partial(_write_some, stage, committed, began, (rate, seconds, number)))
        for number in range(THREADS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    settle(stage)
    rows = connections(stage.database.relay_url).run(sql(_PUBLISHED, ids=f"{{{','.join(committed)}}}"))[0]
    return [(float(at or 0) - committed[event_id or ""]) * 1000 for event_id, at in rows]


def _write_some(stage: Stage, committed: dict[str, float], began: float, share: tuple[int, float, int]) -> None:
    """Write every THREADS-th of the writes, each at its time."""
    rate, seconds, first = share
    with connections(stage.database.app_url).take() as connection:
        for number in range(first, int(rate * seconds), THREADS):
            time.sleep(max(0.0, began + number / rate - time.monotonic()))
            at, ids = write(connection, stage)
            committed.update(dict.fromkeys(ids, at))


def write(connection: Connection, stage: Stage, *, outbox: bool = True) -> tuple[float, list[str]]:
    """Commit a contact as the ingest path commits; when that was, in seconds since 1970, and its events' ids."""
    batch, outgoing = Batch(), Outgoing(tenant_id=stage.tenant.tenant_id)
    names = {"tenant_id": stage.tenant.tenant_id, "project_id": stage.tenant.project_id}
    batch.add("contacts", Contact.create(**names, source=ContactSource.API, name="Caio"))
    outgoing.collect(batch.aggregates)
    leaving, hint = (outgoing.statements(), outgoing.hint()) if outbox else ([], [])
    statements = (BEGIN, tenant_scope(stage.tenant.tenant_id), *batch.statements, *leaving, COMMIT)
    rows = pipeline(connection, *statements, _CLOCK, *hint)
    return float(rows[len(statements)][0][0] or 0), [str(event["id"]) for event in outgoing.events]
