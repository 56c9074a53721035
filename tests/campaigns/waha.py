"""Whether a history of half a year comes over whole, once and in order, while its reader is killed and people write."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any

from infra.bench.figures import percentile
from infra.fakes.waha_corpus import Corpus
from tests.campaigns.cloud import wait_until
from tests.campaigns.historian import working
from tests.campaigns.stage import stage
from tests.campaigns.waha_faults import PLANTED
from tests.campaigns.waha_machines import FarServer, NearServer, Reader, Server
from tests.campaigns.waha_people import People
from tests.campaigns.waha_source import TIMEOUT_MINUTES, Source, compared
from tests.support.api import Api
from tests.support.environment import environment
from tests.support.tenants import Tenant
from tests.support.waha import waha_channel
from tests.support.world import World

MOST_SLOWER = 1.5
BAR = (
    "0 messages lost, doubled or out of order, 0 statuses, facts or sessions other than the source's, 0 people doubled;"
    " what no webhook brought is recovered, a second import changes nothing; in the long form, live p95 at most 1.5"
    " times that beside the same import into a database of its own"
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
_OVER = "select count(*) from history_runs where (status = 'running' or resumes_at is not null) and kind = :kind"
_UNFINISHED = "select count(*) from history_runs where status <> 'completed'"
# Days of which the comparison says something else than that all is here.
_INCOMPLETE = "select count(*) from history_days where unknown > 0 or expected <> present + recovered"


@dataclass(frozen=True, kw_only=True)
class Size:
    """How large each source is, how often its reader is killed, and how many people write a second.

    `calm_seconds` is how long they do before anything is read; `trouble` is the share of pages at whose first asking
    something goes wrong, and `hurry` multiplies the pauses behind it.
    """

    engines: tuple[str, ...] = ("GOWS", "NOWEB", "WEBJS")
    chats: int
    messages: int
    trouble: float = 0.15
    hurry: float = 1.0
    kills: int = 0
    calm_seconds: float = 0.0
    per_second: float = 0.0
    patience: float = 240.0


LONG = Size(chats=200, messages=16_667, kills=12, calm_seconds=20, per_second=8, patience=3600)
QUICK = Size(chats=8, messages=360, hurry=0.05, kills=2, calm_seconds=1, per_second=5)
WITH_FAULT = Size(engines=("GOWS",), chats=4, messages=320, trouble=0.0)


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
def opened(size: Size, server: Server) -> Iterator[Campaign]:
    try:
        with stage("waha") as world, environment({"ALLOWED_HOSTS": server.url.removeprefix("http://")}):
            tenant = world.new_tenant()
            minutes = {"minutes": TIMEOUT_MINUTES, "tenant_id": tenant.tenant_id}
            world.run("update projects set session_timeout_minutes = :minutes where tenant_id = :tenant_id", **minutes)
            yield Campaign(world, server, tenant, _sources(world, server, tenant, size), size, Api())
    finally:
        server.close()


def _sources(world: World, server: Server, tenant: Tenant, size: Size) -> list[Source]:
    until, sources = int(world.now().timestamp()) - 3600, []
    for number, engine in enumerate(size.engines):
        corpus = Corpus(until=until, chats=size.chats, messages=size.messages, first_person=1 + number * size.chats)
        channel = waha_channel(
            world, Api(), tenant, engine=engine, base_url=server.url, session_name=engine.lower(), bot=False
        )
        sources.append(Source(engine, channel, corpus, corpus.archive(engine)))
        server.open(sources[-1], size.trouble)
    return sources


def measure(size: Size, server: Server) -> dict[str, Any]:
    """Fetch everything amid kills and traffic, recover what no webhook brought, fetch it again, and compare."""
    with _elsewhere(size) as elsewhere, opened(size, server) as it:
        people = (People(it.world, server, it.sources, size.per_second, seed=seed) for seed in range(1, 5))
        warm, calm, beside, busy = people
        warm.write(_for(size.calm_seconds / 4))
        calm.write(_for(size.calm_seconds))
        with elsewhere:
            beside.write(_for(size.calm_seconds))
        with Reader(it.world.database.admin_url, size.hurry) as reader:
            seconds = _fetched_amid(it, busy, reader)
            it.fetch("reconciliation", "reconcile", days=180)
            before = _rows(it)
            it.world.run("update channels set history_read_until = null")
            it.fetch("import", "import-history")
        rows = _rows(it)
        bad = {**_wrong(it, rows), "changed_by_again": sum(before[name] != rows[name] for name in rows)}
        undelivered = sum(len(each.undelivered) for each in (warm, calm, beside, busy))
        told = {**_told(it, seconds), "never_delivered": undelivered}
        speed = _speed(calm.seconds, beside.seconds, busy.seconds)
    held = not any(bad.values()) and (size is not LONG or speed["live_p95_ratio"] <= MOST_SLOWER)
    return {**told, **speed, **bad, "bar": BAR, "passed": held}


@contextmanager
def _elsewhere(size: Size) -> Iterator[AbstractContextManager[Any]]:
    """What imports the same into a database of its own: it takes what ours takes of the machine, and nothing else."""
    if size is not LONG:
        yield nullcontext()
        return
    server = FarServer()
    with opened(size, server) as other:
        for source in other.sources:
            other.ask(source, "import-history")
        yield Reader(other.world.database.admin_url, size.hurry)


def _for(seconds: float) -> Callable[[], bool]:
    """Whether so many seconds have passed from now on."""
    ends = time.monotonic() + seconds
    return lambda: time.monotonic() > ends


def _fetched_amid(it: Campaign, people: People, reader: Reader) -> float:
    """Import while people write and the reader is killed; how long it took."""
    over = threading.Event()
    with ThreadPoolExecutor(2) as threads:
        writing = threads.submit(people.write, over.is_set)
        killing = threads.submit(_disturbed, it, people, reader)
        try:
            seconds = it.fetch("import", "import-history")
        finally:
            over.set()
        killing.result()
        writing.result()
    assert wait_until(lambda: it.is_over("import"), it.size.patience, step=0.2)
    return seconds


def _disturbed(it: Campaign, people: People, reader: Reader) -> None:
    """Disturb it for a while; how long deliveries took meanwhile says more of its many starts than of the import."""
    it.disturb(reader, Random(3))
    if not it.is_over("import"):
        people.seconds.clear()


def _rows(it: Campaign) -> dict[str, list[dict[str, Any]]]:
    names = {"tenant_id": it.tenant.tenant_id}
    return {each.engine: it.world.rows(_MESSAGES, **names, channel_id=each.channel.id) for each in it.sources}


def _wrong(it: Campaign, rows: dict[str, list[dict[str, Any]]]) -> dict[str, int]:
    """Everything that is other than it ought to be, counted."""
    found = Counter[str]()
    for source in it.sources:
        found.update(compared(source, rows[source.engine]))
    return {
        **found,
        "ghosts": it.world.value(_GHOSTS, tenant_id=it.tenant.tenant_id),
        "unfinished": it.world.value(_UNFINISHED),
        "incomplete": it.world.value(_INCOMPLETE),
    }


def _told(it: Campaign, seconds: float) -> dict[str, Any]:
    messages = sum(len(each.kept) for each in it.sources)
    return {
        "engines": len(it.sources),
        "chats": sum(len(each.archive.chats) for each in it.sources),
        "messages": messages,
        "kills": it.size.kills,
        "import_seconds": round(seconds, 1),
        "messages_per_second": round(messages / seconds),
    }


def _speed(calm: list[float], beside: list[float], busy: list[float]) -> dict[str, Any]:
    """How long the slowest twentieth of the live deliveries took: alone, beside an import elsewhere, during ours."""
    without, elsewhere, during = (percentile(each, 0.95) * 1000 for each in (calm, beside, busy))
    return {
        "live_deliveries": len(busy),
        "live_p95_ms_without": round(without, 1),
        "live_p95_ms_elsewhere": round(elsewhere, 1),
        "live_p95_ms_during": round(during, 1),
        "live_p95_ratio": round(during / elsewhere, 2),
        "live_p95_ratio_without": round(during / without, 2),
    }


def run(long: bool) -> dict[str, Any]:
    return measure(LONG, FarServer()) if long else measure(QUICK, NearServer())


def _with(fault: Callable[[], Any]) -> dict[str, Any]:
    """Import with a fault in it, undisturbed, and compare."""
    with opened(WITH_FAULT, NearServer()) as it, fault(), working(it.world.database.admin_url):
        seconds = it.fetch("import", "import-history")
        bad = _wrong(it, _rows(it))
        return {**_told(it, seconds), **bad, "bar": BAR, "passed": not any(bad.values())}


FAULTS = {name: partial(_with, fault) for name, fault in PLANTED.items()}
