"""Whether a history of half a year comes over whole, once and in order, while its reader is killed and people write."""

import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from random import Random
from typing import Any

import httpx

from infra.bench.figures import percentile
from infra.environment import ROOT
from infra.fakes.waha_corpus import Corpus
from infra.fakes.waha_events import envelope, make_ack, payload
from infra.fakes.waha_history import Kept
from infra.local.process import clean_environment
from tests.campaigns.cloud import wait_until
from tests.campaigns.historian import PLANTED
from tests.campaigns.stage import stage
from tests.campaigns.waha_source import TIMEOUT_MINUTES, Source, compared
from tests.support.api import Api
from tests.support.environment import environment
from tests.support.tenants import Tenant
from tests.support.waha import waha_channel
from tests.support.world import World

ENGINES = ("GOWS", "NOWEB", "WEBJS")
KEY = "waha-key"
READ, OK = 3, 200
WRITERS = 3  # customers who write at once
LOST_WEBHOOKS = 0.1  # share of what is said meanwhile and never delivered
MOST_SLOWER = 1.5
BAR = (
    "0 messages lost, doubled or out of order, 0 statuses, facts or sessions other than the source's, 0 people doubled;"
    " what no webhook brought is recovered, a second import changes nothing; live p95 at most 1.5 times that without"
)
_MESSAGES = """
select m.external_id, m.direction, m.status, m.type, m.text, m.chat_id, m.session_id, q.external_id as quoted,
    extract(epoch from m.sent_at)::bigint as at, m.read_at is not null as is_read
from messages m left join messages q on q.tenant_id = m.tenant_id and q.id = m.quoted_message_id
where m.tenant_id = :tenant_id and m.channel_id = :channel_id order by m.chat_id, m.sent_at, m.id
"""
_GHOSTS = """
select count(*) from contacts c where c.tenant_id = :tenant_id and c.merged_into_id is null
  and not exists (select from contact_identities i where i.tenant_id = c.tenant_id and i.contact_id = c.id)
"""
_OVER = "select count(*) from history_runs where status = 'running' and kind = :kind"
_ENDED = "select status, failure_reason, totals from history_runs where kind = :kind order by id"


@dataclass(frozen=True, kw_only=True)
class Size:
    """How large the source is, how often its reader is killed, and how long people write without and during it."""

    chats: int
    messages: int
    kills: int
    calm_seconds: float
    per_second: float
    patience: float


LONG = Size(chats=200, messages=16_667, kills=12, calm_seconds=20, per_second=8, patience=3600)
QUICK = Size(chats=10, messages=420, kills=2, calm_seconds=3, per_second=5, patience=240)
WITH_FAULT = Size(chats=6, messages=480, kills=0, calm_seconds=0, per_second=0, patience=240)


class Server:
    """The fake WAHA in a process of its own, through its controls."""

    def __init__(self) -> None:
        command = (sys.executable, "-m", "infra.fakes.waha", "--port", "0")
        self._process = subprocess.Popen(
            command, cwd=ROOT, env=clean_environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self._process.stdout
        self.url = json.loads(self._process.stdout.readline())["fake_waha_url"]
        self._http = httpx.Client(base_url=f"{self.url}/_fake", trust_env=False, timeout=120)

    def close(self) -> None:
        self._http.close()
        self._process.terminate()
        self._process.wait()

    def open(self, source: Source, trouble: float) -> None:
        told = {"name": source.session, "engine": source.engine, "api_key": KEY}
        self._http.post("/sessions", json=told).raise_for_status()
        past = {"corpus": asdict(source.corpus), "trouble": {"share": trouble, "seconds": 0.1}}
        self._http.post(f"/sessions/{source.session}/past", json=past).raise_for_status()

    def remember(self, source: Source, kept: Kept) -> None:
        told = {"kept": [{"said": asdict(kept.said), "ack": kept.ack}]}
        self._http.post(f"/sessions/{source.session}/past", json=told).raise_for_status()


class Reader:
    """The process that reads the histories, which is killed now and then and begins anew."""

    def __init__(self, admin_url: str, fault: str | None) -> None:
        self._command = [sys.executable, "-m", "tests.campaigns.historian", admin_url, *([fault] if fault else [])]
        self._process = self._begun()
        self._stop = threading.Event()
        self._watching = threading.Thread(target=self._watch, daemon=True)
        self._watching.start()

    def _begun(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            self._command, cwd=ROOT, env=os.environ.copy(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def _watch(self) -> None:
        """Begin anew whenever it is gone."""
        while not self._stop.wait(0.05):
            if self._process.poll() is not None:
                self._process = self._begun()

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)

    def close(self) -> None:
        self._stop.set()
        self._watching.join()
        self._process.kill()
        self._process.wait()


class People:
    """Who writes and reads while the histories are fetched, and how long each delivery took."""

    def __init__(self, world: World, server: Server, sources: list[Source], per_second: float, seed: int) -> None:
        self._world, self._server, self._sources, self._per_second = world, server, sources, per_second
        self._chance = Random(seed)
        self._numbers = itertools.count(seed * 1_000_000)
        self._lock = threading.Lock()
        self.seconds: list[float] = []
        self.undelivered: list[str] = []

    def write(self, until: Callable[[], bool]) -> None:
        """Write, from several phones, as many a second as are wanted, until it is enough."""
        if self._per_second:
            with ThreadPoolExecutor(WRITERS) as threads:
                for each in [threads.submit(self._one, until) for _ in range(WRITERS)]:
                    each.result()

    def _one(self, until: Callable[[], bool]) -> None:
        while not until():
            began = time.monotonic()
            self._say(*self._next())
            time.sleep(max(0.0, began + WRITERS / self._per_second - time.monotonic()))

    def _next(self) -> tuple[Source, Kept, float]:
        """Something new in a chat, something old that comes by its webhook at last, or that something was read."""
        with self._lock:
            source, chance = self._chance.choice(self._sources), self._chance.random()
            old = self._chance.choice(source.kept)
        return source, old, chance

    def _say(self, source: Source, old: Kept, chance: float) -> None:
        if chance < 0.2 and old.said.from_me and not old.said.group and 0 < old.ack < READ:
            source.receipts[old.said.message_id] = READ
            told: dict[str, Any] = {"customer": old.said.customer, "chat": old.said.chat_address}
            self._deliver(source, make_ack(source.engine, READ, message_id=old.said.message_id, **told))
        elif chance < 0.45:
            self._deliver(source, _event(source, old))
        else:
            self._say_something_new(source, old)

    def _say_something_new(self, source: Source, old: Kept) -> None:
        with self._lock:
            number, is_lost = next(self._numbers), self._chance.random() < LOST_WEBHOOKS
        at = int(self._world.now().timestamp())
        said = replace(old.said, kind="text", body=f"agora {number}", message_id=f"LIVE{number:018}", timestamp=at)
        kept = Kept(said=replace(said, from_me=False, reply_to=None), ack=2)
        self._server.remember(source, kept)
        source.archive.add(kept)
        if is_lost:
            self.undelivered.append(said.message_id)
        else:
            self._deliver(source, _event(source, kept))

    def _deliver(self, source: Source, event: dict[str, Any]) -> None:
        began = time.monotonic()
        while source.channel.deliver(event).status_code != OK:
            time.sleep(0.05)
        self.seconds.append(time.monotonic() - began)


def _event(source: Source, kept: Kept) -> dict[str, Any]:
    told = payload(source.engine, kept.said) | {"ack": kept.ack, "media": None}
    return envelope(source.engine, "message.any", source.session, told)


@dataclass
class Campaign:
    world: World
    server: Server
    tenant: Tenant
    sources: list[Source]
    size: Size
    api: Api

    def ask(self, source: Source, verb: str, **body: Any) -> None:
        path = f"/api/v1/crm/channels/{source.channel.id}/{verb}"
        answer = self.api.post(path, body or None, as_=self.tenant.admin)
        assert answer.status_code < 300, answer.text

    def is_over(self, kind: str) -> bool:
        return int(self.world.value(_OVER, kind=kind)) == 0

    def fetch(self, kind: str, verb: str, **body: Any) -> float:
        """Have it done for every channel, and give how long it took. AssertionError: it takes for ever."""
        began = time.monotonic()
        for source in self.sources:
            self.ask(source, verb, **body)
        assert wait_until(lambda: self.is_over(kind), self.size.patience, step=0.2), "it did not come to an end"
        return time.monotonic() - began

    def disturb(self, reader: Reader, chance: Random) -> None:
        """Kill the reader now and then while there is something to read, and let one import rest for a while."""
        for number in range(self.size.kills):
            time.sleep(chance.uniform(0.5, 3))
            if number == 1 and not self.is_over("import"):
                self.ask(self.sources[0], "import-history/pause")
                time.sleep(1)
                self.ask(self.sources[0], "import-history/resume")
            reader.kill()


@contextmanager
def opened(size: Size, trouble: float) -> Iterator[Campaign]:
    with stage("waha") as world:
        server = Server()
        try:
            tenant = world.new_tenant()
            minutes = {"minutes": TIMEOUT_MINUTES, "tenant_id": tenant.tenant_id}
            world.run("update projects set session_timeout_minutes = :minutes where tenant_id = :tenant_id", **minutes)
            with environment({"ALLOWED_HOSTS": server.url.removeprefix("http://")}):
                yield Campaign(world, server, tenant, _sources(world, server, tenant, size, trouble), size, Api())
        finally:
            server.close()


def _sources(world: World, server: Server, tenant: Tenant, size: Size, trouble: float) -> list[Source]:
    until, sources = int(world.now().timestamp()) - 3600, []
    for number, engine in enumerate(ENGINES):
        corpus = Corpus(until=until, chats=size.chats, messages=size.messages, first_person=1 + number * size.chats)
        channel = waha_channel(
            world, Api(), tenant, engine=engine, base_url=server.url, session_name=engine.lower(), bot=False
        )
        sources.append(Source(engine, channel, corpus, corpus.archive(engine)))
        server.open(sources[-1], trouble)
    return sources


def measure(size: Size, *, fault: str | None = None, trouble: float = 0.15) -> dict[str, Any]:
    """Fetch everything amid kills and traffic, recover what no webhook brought, fetch it again, and compare."""
    with opened(size, trouble) as it:
        calm = People(it.world, it.server, it.sources, size.per_second, seed=1)
        ends = time.monotonic() + size.calm_seconds
        calm.write(lambda: time.monotonic() > ends)
        busy = People(it.world, it.server, it.sources, size.per_second, seed=2)
        reader = Reader(it.world.database.admin_url, fault)
        try:
            seconds = _fetched_amid(it, busy, reader)
            undelivered = [*calm.undelivered, *busy.undelivered]
            it.fetch("reconciliation", "reconcile", days=180)
            before = _rows(it)
            it.world.run("update channels set history_read_until = null")
            it.fetch("import", "import-history")
        finally:
            reader.close()
        return _figures(it, seconds, undelivered, (calm.seconds, busy.seconds), changed=_changed(before, _rows(it)))


def _fetched_amid(it: Campaign, people: People, reader: Reader) -> float:
    """Import while people write and the reader is killed; how long it took."""
    over = threading.Event()
    with ThreadPoolExecutor(2) as threads:
        writing = threads.submit(people.write, over.is_set)
        killing = threads.submit(it.disturb, reader, Random(3))
        try:
            seconds = it.fetch("import", "import-history")
        finally:
            over.set()
        killing.result()
        writing.result()
    assert wait_until(lambda: it.is_over("import"), it.size.patience, step=0.2)
    return seconds


def _rows(it: Campaign) -> dict[str, list[dict[str, Any]]]:
    names = {"tenant_id": it.tenant.tenant_id}
    return {each.engine: it.world.rows(_MESSAGES, **names, channel_id=each.channel.id) for each in it.sources}


def _changed(before: dict[str, Any], after: dict[str, Any]) -> int:
    return sum(before[engine] != after[engine] for engine in before)


def _figures(
    it: Campaign, seconds: float, undelivered: list[str], latencies: tuple[list[float], list[float]], *, changed: int
) -> dict[str, Any]:
    rows = _rows(it)
    found: dict[str, int] = defaultdict(int)
    for source in it.sources:
        for name, count in compared(source, rows[source.engine]).items():
            found[name] += count
    bad = {**found, "ghosts": it.world.value(_GHOSTS, tenant_id=it.tenant.tenant_id), "changed_by_again": changed}
    ended = [row["status"] for kind in ("import", "reconciliation") for row in it.world.rows(_ENDED, kind=kind)]
    bad["unfinished"] = sum(status != "completed" for status in ended)
    bad["incomplete"] = _incomplete(it)
    messages = sum(len(each.kept) for each in it.sources)
    calm, busy = (percentile(each, 0.95) * 1000 if each else 0.0 for each in latencies)
    slower = round(busy / calm, 2) if calm else None
    told = {
        "engines": len(it.sources),
        "chats": sum(len(each.archive.chats) for each in it.sources),
        "messages": messages,
        "kills": it.size.kills,
        "never_delivered": len(undelivered),
        "import_seconds": round(seconds, 1),
        "messages_per_second": round(messages / seconds),
        "live_deliveries": len(latencies[1]),
        "live_p95_ms_without": round(calm, 1),
        "live_p95_ms_during": round(busy, 1),
        "live_p95_ratio": slower,
        "live_p95_met": None if slower is None else slower <= MOST_SLOWER,
    }
    return {**told, **bad, "bar": BAR, "passed": not any(bad.values())}


def _incomplete(it: Campaign) -> int:
    """Days of which the comparison says something else than that all is here."""
    count = "select count(*) from history_days where unknown > 0 or expected <> present + recovered"
    return int(it.world.value(count))


def run(long: bool) -> dict[str, Any]:
    return measure(LONG if long else QUICK)


def _faulty(fault: str) -> Callable[[], dict[str, Any]]:
    return lambda: measure(WITH_FAULT, fault=fault, trouble=0.0)


FAULTS = {fault: _faulty(fault) for fault in PLANTED}
