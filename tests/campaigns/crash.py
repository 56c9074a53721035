"""Whether a process killed at any statement of a delivery ever loses or doubles a message or an event."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from infra.environment import ROOT
from infra.local.process import clean_environment
from shared.providers.waha.signature import sign
from tests.campaigns import victim
from tests.campaigns.payloads import Event, Payload, payloads
from tests.campaigns.stage import stage
from tests.campaigns.victim import HOST
from tests.campaigns.wire import Cut, Wire
from tests.support.api import Api
from tests.support.waha import HMAC_KEY, WahaChannel, waha_channel
from tests.support.world import World

ENGINES = ("GOWS", "NOWEB", "WEBJS")
MOST_TRIES = 15  # as many as WAHA
PATIENCE = 10.0  # seconds
OK = 200
QUICK_STEP = 6
BAR = "0 messages lost, 0 doubled, 0 events lost, 0 doubled, over every statement of every payload"
_MESSAGES = """
select m.external_id, m.status, m.text, m.session_id is not null as in_session, m.edited_at, m.revoked_at,
    m.is_placeholder, m.message_group_id is not null as in_group, c.status as chat_status,
    p.merged_into_id is null as contact_lives,
    (select count(*) from message_revisions v where v.message_id = m.id) as revisions,
    (select json_agg(r.value) from message_reactions r where r.message_id = m.id) as reactions
from messages m join chats c on c.id = m.chat_id left join contacts p on p.id = m.contact_id
where m.tenant_id = :tenant_id
"""
_EVENTS = "select type from outbox_events where tenant_id = :tenant_id"
_TASKS = "select task as type from outbox_tasks where tenant_id = :tenant_id"
# What is neither a message nor an event, without the ids and times that differ from run to run.
_OTHERS = tuple(
    f"select {columns} from {table} where tenant_id = :tenant_id"
    for table, columns in {
        "inbound_deliveries": "delivery_key, status",
        "early_events": "external_id, kind, key",
        "chats": "kind, subject, status, left_at",
        "chat_participants": "role, seen_stamp, left_stamp",
        "chat_labels": "label, is_on",
        "channel_labels": "label, name",
        "calls": "external_id, status, contact_id is null as strange",
        "presences": "value, state",
        "lid_lookups": "lid, attempts",
        "contact_identities": "kind, value",
    }.items()
)


@dataclass
class Process:
    """The functions process: started anew for each crash."""

    zygote: subprocess.Popen[str]
    living: set[int] = field(default_factory=set)

    def order(self, line: str = "") -> None:
        assert self.zygote.stdin
        self.zygote.stdin.write(f"{line}\n")
        self.zygote.stdin.flush()

    def start(self) -> tuple[int, int]:
        """Give the port and the process id of a fresh one."""
        assert self.zygote.stdout
        self.order()
        told = json.loads(self.zygote.stdout.readline())
        self.living.add(told["pid"])
        return told["port"], told["pid"]

    def kill(self, pid: int) -> None:
        self.living.discard(pid)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@contextmanager
def processes(database_url: str, *fault: str) -> Iterator[Process]:
    """Let functions processes be started that reach the database at this address."""
    kept = {name: os.environ[name] for name in ("ENCRYPTION_KEYS",)}
    command = (sys.executable, "-m", "tests.campaigns.victim", *fault)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    env = clean_environment(DATABASE_URL=database_url, **kept)
    with subprocess.Popen(command, cwd=ROOT, env=env, text=True, **pipes) as zygote:  # type: ignore[call-overload] # pipes are
        process = Process(zygote)
        try:
            yield process
        finally:
            for pid in list(process.living):
                process.kill(pid)
            zygote.kill()


@dataclass
class Tally:
    """What all crashes together came to."""

    crashes: int = 0
    boundaries: Counter[str] = field(default_factory=Counter)
    never_cut: int = 0
    lost_messages: int = 0
    doubled_messages: int = 0
    lost_events: int = 0
    doubled_events: int = 0
    other_rows: int = 0

    def compare(self, found: "Outcome", wanted: "Outcome") -> None:
        self.lost_messages += (wanted.messages - found.messages).total()
        self.doubled_messages += (found.messages - wanted.messages).total()
        self.lost_events += (wanted.events - found.events).total()
        self.doubled_events += (found.events - wanted.events).total()
        self.other_rows += found.others != wanted.others


@dataclass(frozen=True)
class Outcome:
    """What a tenant has in the end."""

    messages: Counter[str]
    events: Counter[str]
    others: Counter[str]


@dataclass(frozen=True)
class Lab:
    """The database, the wire to it, and the process at its other end."""

    world: World
    wire: Wire
    process: Process

    def crash(self, engine: str, payload: Payload, at: int = 0, *, after: bool = False) -> tuple[Outcome, bool]:
        """Deliver while the process is killed at a boundary (0: at none), then again until it is taken."""
        channel = waha_channel(self.world, Api(), self.world.new_tenant(), engine=engine)
        for event in payload.before:
            assert channel.deliver(event).status_code == OK
        port, pid = self.process.start()
        self.wire.watch(Cut(at, after, lambda: self.process.kill(pid)) if at else None)
        answered = post(port, channel, payload.event)
        # A process that answers too early is killed all the same.
        was_cut = self.wire.was_cut.wait(PATIENCE) if at else self._is_kept(channel, payload)
        if answered != OK:
            self._redeliver(channel, payload.event)
        self.process.kill(pid)
        return self._outcome(channel), was_cut

    def _is_kept(self, channel: WahaChannel, payload: Payload) -> bool:
        """Wait for the delivery, should it have been answered before it was kept; then it was not cut."""
        count = "select count(*) from inbound_deliveries where tenant_id = :id"
        deadline = time.monotonic() + PATIENCE
        while self.world.value(count, id=channel.tenant.tenant_id) <= len(payload.before):
            assert time.monotonic() < deadline, "the delivery was answered and never kept"
            time.sleep(0.01)
        return False

    def _redeliver(self, channel: WahaChannel, event: Event) -> None:
        port, pid = self.process.start()
        self.wire.cut = None
        assert OK in (post(port, channel, event) for _ in range(MOST_TRIES))
        self.process.kill(pid)

    def _outcome(self, channel: WahaChannel) -> Outcome:
        def counted(*queries: str) -> Counter[str]:
            found = (self.world.rows(query, tenant_id=channel.tenant.tenant_id) for query in queries)
            return Counter(json.dumps(row, sort_keys=True) for rows in found for row in rows)

        return Outcome(counted(_MESSAGES), counted(_EVENTS) + counted(_TASKS), counted(*_OTHERS))

    def every_crash(self, engine: str, name: str, payload: Payload, tally: Tally, steps: slice) -> None:
        """Kill the process before and after each of these statements in turn."""
        wanted, _ = self.crash(engine, payload)
        boundaries = self.wire.count
        tally.boundaries[f"{engine} {name}"] = boundaries
        for at in range(1, boundaries + 1)[steps]:
            for after in (False, True):
                found, was_cut = self.crash(engine, payload, at, after=after)
                tally.crashes += 1
                tally.never_cut += not was_cut
                tally.compare(found, wanted)


def request(channel: WahaChannel, event: Event) -> dict[str, Any]:
    """A delivery as the provider sends it."""
    body = json.dumps(event)
    headers = {"X-Webhook-Hmac": sign(body.encode(), HMAC_KEY), "Content-Type": "application/json"}
    return {"path": channel.path, "body": body, "headers": headers}


def post(port: int, channel: WahaChannel, event: Event) -> int | None:
    """The status that the provider sees; None when the process was gone before it answered."""
    told = request(channel, event)
    connection = http.client.HTTPConnection(HOST, port, timeout=PATIENCE)
    try:
        connection.request("POST", told["path"], told["body"].encode(), told["headers"])
        with connection.getresponse() as answer:
            answer.read()
            return answer.status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


@contextmanager
def laboratory(*fault: str) -> Iterator[Lab]:
    with stage("crash") as world:
        parts = urlsplit(world.database.app_url)
        wire = Wire(parts.port or 0)
        try:
            through = world.database.app_url.replace(f":{parts.port}/", f":{wire.entrance}/")
            with processes(through, *fault) as process:
                channel = waha_channel(world, Api(), world.new_tenant())
                process.order(json.dumps(request(channel, payloads("GOWS", 0)["media"].event)))
                yield Lab(world, wire, process)
        finally:
            wire.close()


def measure(lab: Lab, cases: list[tuple[str, str]], *, step: int = 1) -> dict[str, Any]:
    """Crash over all statements of these engines and payloads, or every so many-th, beginning at another each time."""
    tally, since = Tally(), int(lab.world.now().timestamp()) - 4 * 86_400
    for number, (engine, name) in enumerate(cases):
        lab.every_crash(engine, name, payloads(engine, since)[name], tally, slice(number % step, None, step))
    bad = ("never_cut", "lost_messages", "doubled_messages", "lost_events", "doubled_events", "other_rows")
    told = {name: getattr(tally, name) for name in ("crashes", *bad)}
    return {
        **told,
        "boundaries": dict(tally.boundaries),
        "bar": BAR,
        "passed": tally.crashes > 0 and not any(told[name] for name in bad),
    }


def run(long: bool) -> dict[str, Any]:
    names = list(payloads("GOWS", 0))
    everything = [(engine, name) for engine in ENGINES for name in names]
    quick = [(ENGINES[number % 3], name) for number, name in enumerate(names)]
    with laboratory() as lab:
        return measure(lab, everything) if long else measure(lab, quick, step=QUICK_STEP)


def _faulty(fault: str) -> Callable[[], dict[str, Any]]:
    def see() -> dict[str, Any]:
        with laboratory(fault) as lab:
            return measure(lab, [("GOWS", "text")], step=QUICK_STEP)

    return see


FAULTS = {fault: _faulty(fault) for fault in victim.PLANTED}
