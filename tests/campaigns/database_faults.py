"""Whether a Postgres that restarts, loses its sessions or stands still under load costs anything but a short wait."""

import math
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

from functions.webhooks import receive_waha as function
from infra.fakes.waha_events import Party, make_event
from infra.local.postgres import Cluster, free_port
from infra.local.postgres import run as run_sql
from shared.crm.inbound import receive as reception
from shared.kernel.errors import Unavailable
from shared.kernel.ids import uuid7
from shared.runtime import postgres, work
from shared.runtime.postgres import DATABASE_ERRORS
from tests.campaigns.cloud import Cloud, cloud, wait_until
from tests.campaigns.stage import on
from tests.support.api import Api
from tests.support.environment import environment
from tests.support.postgres import prepared
from tests.support.shop import Shop, open_shop
from tests.support.world import World

OK, MADE, DONE, AWAY = 200, 201, 204, 503
CONNECT_SECONDS, ANSWER_SECONDS = 1.0, 2.0  # shorter than in production, as is the time that Postgres stands still
ALLOWANCE = 3.0  # seconds that a request may take beside waiting for Postgres
RECOVERED_WITHIN = 5.0  # seconds
PAUSE = 0.05  # seconds between two requests of one caller
PATIENCE, LONG_PATIENCE, NEVER = 40.0, 400.0, 9999.0
CONNECTIONS = 40
STILL = 30.0  # seconds that Postgres stands still, but where there is no time for it
BAR = (
    "0 accepted and missing, 0 doubled, no answer but success or 503 with Retry-After, none of them outside an outage, "
    "nobody waits longer than the deadlines, and the first success of each kind within 5 s of the end"
)
TERMINATE = """
select count(pg_terminate_backend(pid)) from pg_stat_activity
where pid <> pg_backend_pid() and usename like 'ventros%'
"""
_UNTOLD = """
select count(*) from outbox_events e where published_at is null
    or type in ('contact.created', 'message.created', 'session.started')
        and not exists (select from inbox i where i.consumer = 'record_timeline'
            and i.event_id = (e.envelope ->> 'event_id')::uuid)
"""
_MESSAGES = "select external_id, count(*) as copies from messages where direction = 'inbound' group by external_id"
_AGENTS = "select name, count(*) as copies from agents group by name"


@dataclass(frozen=True)
class Told:
    """One request: what for, when, how long it took and what came back."""

    kind: str
    about: str
    began: float
    ended: float
    status: int
    waits: bool  # whether it says when to come back


@dataclass(frozen=True)
class Outage:
    """What was done to Postgres, and when it was there again."""

    name: str
    began: float
    ended: float


@dataclass
class Load:
    """Callers who ask without pause: a provider, people who write, with a key and without, and people who read."""

    shop: Shop
    patience: float
    told: list[Told] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def deliver(self, caller: int) -> None:
        """As a provider: each delivery again until it is taken."""
        number = 0
        while not self.stop.is_set():
            number += 1
            about = f"3EB0{caller:04}{number:012}"
            customer = Party(phone=f"55119{caller:02}{number:06}", lid=f"1{caller:04}{number:010}")
            said: dict[str, Any] = {
                "body": "Oi",
                "customer": customer,
                "timestamp": int(time.time()),
                "message_id": about,
            }
            event = make_event(self.shop.engine, "text", **said)
            self._insist(OK, "webhook", about, partial(self.shop.channel.deliver, event))

    def write(self, _: int) -> None:
        """As somebody who takes no for an answer."""
        while not self.stop.is_set():
            name = f"plain {uuid7()}"
            self._ask("write", name, partial(self._make, name))

    def write_under_a_key(self, _: int) -> None:
        """As somebody who asks again under the same key until it is done."""
        while not self.stop.is_set():
            name = f"keyed {uuid7()}"
            self._insist(MADE, "keyed write", name, partial(self._make, name, {"Idempotency-Key": name}))

    def read(self, _: int) -> None:
        while not self.stop.is_set():
            self._ask("read", "", lambda: self.shop.api.get("/api/v1/crm/contacts?limit=5", as_=self.shop.tenant.agent))

    def _make(self, name: str, headers: dict[str, str] | None = None) -> Any:
        return self.shop.api.post("/api/v1/crm/agents", {"name": name}, as_=self.shop.tenant.admin, headers=headers)

    def _insist(self, wanted: int, kind: str, about: str, ask: Callable[[], Any]) -> None:
        """Ask until it is done; not for ever, or a campaign would never tell what it saw."""
        deadline = time.monotonic() + self.patience
        while self._ask(kind, about, ask) != wanted and time.monotonic() < deadline:
            time.sleep(PAUSE)

    def _ask(self, kind: str, about: str, ask: Callable[[], Any]) -> int:
        began = time.monotonic()
        answer = ask()
        told = Told(kind, about, began, time.monotonic(), answer.status_code, "Retry-After" in answer.headers)
        self.told.append(told)
        time.sleep(PAUSE)
        return told.status


@dataclass
class Lab:
    """A cluster of its own, and what can be done to it."""

    cluster: Cluster
    outages: list[Outage] = field(default_factory=list)

    def terminate(self) -> None:
        """End all sessions, several times in a row."""
        with self._outage("sessions ended"):
            for _ in range(5):
                run_sql(self.cluster.admin_url, TERMINATE)
                time.sleep(0.05)

    def restart(self) -> None:
        with self._outage("restart"):
            self.cluster.stop()
            self.cluster.start()

    def crash(self) -> None:
        with self._outage("crash"):
            self.cluster.kill()
            self.cluster.start()

    def stand_still(self, seconds: float) -> None:
        ps, pids = shutil.which("ps") or "ps", [self.cluster.pid or 0]
        listed = subprocess.run((ps, "-axo", "pid=,ppid="), capture_output=True, text=True, check=True).stdout
        pids += [int(pid) for pid, parent in map(str.split, listed.splitlines()) if int(parent) == pids[0]]
        with self._outage("stood still"):
            try:
                signalled(pids, signal.SIGSTOP)
                time.sleep(seconds)
            finally:
                signalled(pids, signal.SIGCONT)

    @contextmanager
    def _outage(self, name: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        self.outages.append(Outage(name, began, time.monotonic()))


def signalled(pids: list[int], signum: signal.Signals) -> None:
    for pid in pids:
        # One that ends meanwhile needs no signal.
        try:
            os.kill(pid, signum)
        except ProcessLookupError:
            continue


@contextmanager
def laboratory() -> Iterator[Lab]:
    """A durable cluster: what it has promised must outlive it."""
    folder = Path(tempfile.mkdtemp(prefix="ventros-campaign-"))
    cluster = Cluster(folder / "postgres", port=free_port())
    try:
        cluster.start()
        yield Lab(cluster)
    finally:
        cluster.destroy()
        shutil.rmtree(folder, ignore_errors=True)


def plan(lab: Lab, rounds: int, still: float, between: float, only: str) -> None:
    """Everything that can befall it, or one thing only, one after the other."""
    ways = {
        "terminate": lab.terminate,
        "restart": lab.restart,
        "crash": lab.crash,
        "stand still": lambda: lab.stand_still(still),
    }
    for name in [name for name in ways if name == (only or name)] * rounds:
        time.sleep(between)
        ways[name]()
    time.sleep(between)


def measure(
    rounds: int = 1,
    *,
    still: float = 3.0,
    between: float = 0.7,
    callers: int = 1,
    only: str = "",
    patience: float = PATIENCE,
    fault: Callable[[], AbstractContextManager[Any]] = nullcontext,
    deadlines: tuple[float, float] = (CONNECT_SECONDS, ANSWER_SECONDS),
) -> dict[str, Any]:
    with (
        patch.object(postgres, "CONNECT_SECONDS", deadlines[0]),
        patch.object(work, "CONNECT_SECONDS", deadlines[0]),
        # All functions share this process and its connections; alone, each has as many as threads.
        environment({"THREADS": str(CONNECTIONS)}),
        patch.object(postgres, "ANSWER_SECONDS", deadlines[1]),
        fault(),
        laboratory() as lab,
        on(prepared(lab.cluster).clone("campaign")) as world,
        # What is tried again is tried as many times in an outage as in one of the length it would have outside.
        cloud(scale=still / STILL) as door,
        open_shop(world, Api(), world.new_tenant(), debounce_timeout_ms=200) as shop,
    ):
        load = Load(shop, patience)
        ways = (load.deliver, load.deliver, load.write, load.write_under_a_key, load.read)
        with ThreadPoolExecutor(len(ways) * callers) as threads:
            asking = [threads.submit(way, number) for number, way in enumerate(ways * callers)]
            try:
                plan(lab, rounds, still, between, only)
            finally:
                load.stop.set()
            for each in asking:
                each.result()
        return figures(load, lab.outages, door, settled=settle(world, door, patience))


def settle(world: World, door: Cloud, patience: float) -> bool:
    """Whether everybody is told in the end: a backlog takes as long as it takes, if only it gets shorter."""
    before = math.inf
    while not wait_until(lambda: not world.value(_UNTOLD) and not door.under_way, patience):
        left = world.value(_UNTOLD)
        if left >= before:
            return False
        before = left
    return True


def figures(load: Load, outages: list[Outage], door: Cloud, *, settled: bool) -> dict[str, Any]:
    world, sent = load.shop.world, Counter(record.chat_id for record in load.shop.waha.whatsapp)
    messages = {row["external_id"]: row["copies"] for row in world.rows(_MESSAGES)}
    agents = {row["name"]: row["copies"] for row in world.rows(_AGENTS)}
    kept = {**messages, **agents}
    accepted = [each for each in load.told if each.status in (OK, MADE) and each.about]
    slowest = {outage.name: recovery(load.told, outage) for outage in outages}
    told = {
        "requests": len(load.told),
        "outages": len(outages),
        "answers": dict(Counter(f"{each.kind} {each.status}" for each in load.told)),
        "missing": sum(not kept.get(each.about) for each in accepted),
        "doubled": sum(copies - 1 for copies in kept.values()),
        "sent_twice": sum(sent.values()) - len(sent),
        "untold": world.value(_UNTOLD),
        "other_answers": sum(not fair(each) for each in load.told)
        + sum(s >= 500 and s != AWAY for _, s in door.answered),
        "refused_outside_outages": sum(each.status == AWAY and not within(each, outages) for each in load.told),
        "longest_request_s": round(max(each.ended - each.began for each in load.told), 2),
        "hung": sum(each.ended - each.began > CONNECT_SECONDS + ANSWER_SECONDS + ALLOWANCE for each in load.told),
        "recovered_s": slowest,
        "bar": BAR,
    }
    bad = ("missing", "doubled", "sent_twice", "untold", "other_answers", "refused_outside_outages", "hung")
    quick = all(seconds <= RECOVERED_WITHIN for seconds in slowest.values())
    return {**told, "passed": settled and quick and bool(accepted) and not any(told[name] for name in bad)}


def fair(told: Told) -> bool:
    return told.status in (OK, MADE) or (told.status == AWAY and told.waits)


def within(told: Told, outages: list[Outage]) -> bool:
    """Whether somebody was refused while Postgres was away or had just come back."""
    return any(told.ended >= each.began and told.began <= each.ended + RECOVERED_WITHIN for each in outages)


def recovery(told: list[Told], outage: Outage) -> float:
    """Seconds from the end of an outage to the first success of the slowest kind of request."""
    kinds = {each.kind for each in told}
    good = [each for each in told if each.status in (OK, MADE) and each.ended >= outage.ended]
    firsts = [min((each.ended for each in good if each.kind == kind), default=NEVER + outage.ended) for kind in kinds]
    return round(max(firsts) - outage.ended, 2)


def run(long: bool) -> dict[str, Any]:
    return measure(5, still=STILL, between=6.0, callers=2, patience=LONG_PATIENCE) if long else measure()


def answered_unsaved() -> AbstractContextManager[Any]:
    """A provider hears that its delivery is safe while Postgres is away."""

    def careless(*delivery: Any) -> None:
        with suppress(Unavailable, *DATABASE_ERRORS):
            reception.receive(*delivery)

    return patch.object(function, "receive", careless)


FAULTS: dict[str, Callable[[], dict[str, Any]]] = {
    "answered_unsaved": lambda: measure(still=5.0, only="stand still", patience=5.0, fault=answered_unsaved),
    "no_deadline": lambda: measure(still=7.5, only="stand still", patience=5.0, deadlines=(60.0, 60.0)),
}
