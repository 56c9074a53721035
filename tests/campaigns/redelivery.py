"""Whether every consumer and every task has its effect once, however often and however many at once it is delivered."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Any
from unittest.mock import patch
from uuid import UUID

from shared.ai.responders.base import Answer, Question, Responder
from shared.ai.responders.choose import responder_for
from shared.ai.runs import answering
from shared.crm.messages.model import Message
from shared.kernel.ids import uuid7
from shared.runtime.consume import Consumer, Envelope, Transactions
from shared.runtime.task import TaskFunction
from shared.runtime.work import UnitOfWork
from tests.campaigns.situations import SITUATIONS, rows
from tests.campaigns.stage import stage
from tests.support.api import Api
from tests.support.functions import declared
from tests.support.shop import Shop, open_shop
from tests.support.world import World, perform, push

COPIES = 20
ENGINES, QUICK_ENGINES = ("GOWS", "NOWEB", "WEBJS"), ("GOWS",)
MOST_REDELIVERIES = 50
DONE, BUSY = 204, 503
THINKING = 0.03  # seconds in which a second copy may come in
# What counts as no effect: into how many steps work is cut and how often that is told of, when somebody last looked,
# and that whoever asks for the same anew is told again that it is done.
STEPS = {
    "outbox_events",
    "outbox_tasks",
    "list_history",
    "read_history",
    "changes of history_runs",
    "channel.history_import_progressed",
}
TOLD_AGAIN = {"outbox_events", "outbox_tasks", "channel.webhook_configured", "channel.activated", "check_channel"}
REPEATED: dict[str, set[str]] = {
    "check_channel": {"changes of channels", "changes of channel_health"},
    "configure_channel": TOLD_AGAIN,
    "start_channel": {*TOLD_AGAIN, "changes of channels", "changes of channel_health"},
    "list_history": STEPS,
    "read_history": STEPS,
}
BAR = "0 effects beyond the first, 0 missing, and no consumer or task without a situation"
_TABLES = """
select table_name, bool_or(column_name = 'version') as versioned from information_schema.columns
where table_schema = 'public' group by table_name having bool_or(column_name = 'tenant_id') and table_name <> 'inbox'
"""


@dataclass(frozen=True)
class Due:
    """One event for one consumer, or one task."""

    spec: Consumer | TaskFunction
    body: dict[str, Any]

    def deliver(self, copy: int) -> int:
        """Deliver one copy: as it was, as its publisher would send it again, or as the same fact told anew."""
        if isinstance(self.spec, TaskFunction):
            # The queue itself refuses the second of a name.
            anew = copy % 3 == 2 and not self.spec.task.once_per
            return perform(self.spec, self._anew("task_id") if anew else self.body)
        anew = copy % 3 == 2 and "transactions" in self.spec.types
        envelope = self._anew("event_id") if anew else self.body
        return push(self.spec, envelope, message_id=str(uuid7()) if copy % 3 else "")

    def _anew(self, name: str) -> dict[str, Any]:
        return {**self.body, name: str(uuid7())}


def once(due: Due) -> list[int]:
    return [due.deliver(0)]


def one_after_the_other(due: Due) -> list[int]:
    return [due.deliver(copy) for copy in range(COPIES)]


def at_once(due: Due) -> list[int]:
    with ThreadPoolExecutor(COPIES) as pool:
        return list(pool.map(due.deliver, range(COPIES)))


Way = Callable[[Due], list[int]]
WAYS: tuple[Way, ...] = (one_after_the_other, at_once)


@dataclass
class Thinking:
    """Counts how often a bot is asked, which costs money, and takes its time over it."""

    responder_for: Callable[[str], Responder] = responder_for
    asked: int = 0

    def __call__(self, kind: str) -> "Thinking":
        self.kind = kind
        return self

    def answer(self, question: Question) -> Answer:
        self.asked += 1
        time.sleep(THINKING)
        return self.responder_for(self.kind).answer(question)


@dataclass
class Trial:
    """A world in which situations are tried, each in a tenant of its own."""

    world: World
    thinking: Thinking
    refused: Counter[str] = field(default_factory=Counter)  # by function and answer
    deliveries: int = 0

    def effects(self, name: str, engine: str, way: Way) -> tuple[Counter[str], set[str]]:
        """What became of a situation once all copies were delivered, and the events or the task it was about."""
        asked = self.thinking.asked
        with open_shop(self.world, Api(), self.world.new_tenant(), engine=engine) as shop:
            dues = [Due(spec_of(name), body) for body in SITUATIONS[name](shop)]
            for due in dues:
                self._settle(due, way(due))
            shop.settles()
            found = counted(shop)
            found["asked"] = self.thinking.asked - asked
            found["sent"] = len(shop.waha.sent)
        for kind in REPEATED.get(name, ()):
            found.pop(kind, None)
        return found, {each.body.get("event_type", name) for each in dues}

    def _settle(self, due: Due, statuses: list[int]) -> None:
        """Deliver what was busy again, as the cloud would, until it is done."""
        self.deliveries += len(statuses)
        self.refused.update(f"{due.spec.name} {status}" for status in statuses if status not in {DONE, BUSY})
        for _ in range(MOST_REDELIVERIES):
            if due.deliver(0) == DONE:
                return
        self.refused[f"{due.spec.name} at last"] += 1


def counted(shop: Shop) -> Counter[str]:
    """The rows of the tenant by table, every change of an aggregate, and what left it, by kind."""
    counts = " union all ".join(map(_count_of, shop.world.rows(_TABLES)))
    found: Counter[str] = Counter()
    for row in shop.world.rows(counts, tenant_id=shop.tenant.tenant_id):
        found[row["name"]], found[f"changes of {row['name']}"] = row["rows"], row["changes"]
    found.update(row["type"] for row in rows(shop, "outbox_events"))
    found.update(row["task"] for row in rows(shop, "outbox_tasks"))
    return found


def _count_of(table: dict[str, Any]) -> str:
    name, changes = table["table_name"], "coalesce(sum(version), 0)" if table["versioned"] else "0"
    return f"select '{name}' as name, count(*) as rows, {changes} as changes from {name} where tenant_id = :tenant_id"


def specs() -> list[Consumer | TaskFunction]:
    return [*declared(Consumer), *declared(TaskFunction)]


def spec_of(name: str) -> Consumer | TaskFunction:
    (found,) = (spec for spec in specs() if spec.name == name)
    return found


def uncovered(name: str, about: set[str]) -> set[str]:
    """What a situation should have brought about, and did not."""
    spec = spec_of(name)
    wanted = {event.event_type for event in spec.events} if isinstance(spec, Consumer) else {name}
    return {f"{name}: {each}" for each in wanted - about}


def measure(
    world: World, engines: tuple[str, ...], only: set[str] | None = None, ways: tuple[Way, ...] = WAYS
) -> dict[str, Any]:
    """Try every situation, or those of `only` these functions, on each engine, in every way, or in these."""
    thinking = Thinking()
    trial, beyond, missing = Trial(world, thinking), Counter[str](), Counter[str]()
    without = {spec.name for spec in specs() if spec.name not in SITUATIONS}
    with patch.object(answering, "responder_for", thinking):
        for name in sorted(SITUATIONS.keys() & (only or SITUATIONS.keys())):
            told: set[str] = set()
            for engine in engines:
                single, about = trial.effects(name, engine, once)
                told |= about
                for way in ways:
                    many, _ = trial.effects(name, engine, way)
                    where = f"{name} {way.__name__}"
                    beyond.update({f"{where}: {kind}": count for kind, count in (many - single).items()})
                    missing.update({f"{where}: {kind}": count for kind, count in (single - many).items()})
            without |= uncovered(name, told)
    return {
        "functions": len(specs()),
        "copies": COPIES,
        "deliveries": trial.deliveries,
        "effects_beyond": dict(beyond),
        "effects_missing": dict(missing),
        "refused": dict(trial.refused),
        "without_situation": sorted(without),
        "bar": BAR,
        "passed": not (beyond or missing or trial.refused or without),
    }


def run(long: bool) -> dict[str, Any]:
    with stage("redelivery", movable=True) as world:
        return measure(world, ENGINES if long else QUICK_ENGINES)


def with_fault(fault: Callable[[], AbstractContextManager[Any]], only: str, way: Way) -> Callable[[], dict[str, Any]]:
    """The fault, where one function is called in the way in which it shows."""

    def planted() -> dict[str, Any]:
        with stage("redelivery", movable=True) as world, fault():
            return measure(world, QUICK_ENGINES, {only}, (way,))

    return planted


@contextmanager
def trusting_timeline() -> Iterator[None]:
    """A consumer that knows nothing of events it has seen: the inbox alone keeps it from doing its work twice."""
    timeline = import_module("functions.crm.contact_events.record_timeline")
    record = timeline.record

    def trusting(uow: UnitOfWork, contact_id: UUID, envelope: Envelope) -> None:
        record(uow, contact_id, replace(envelope, event_id=uuid7()))

    with patch.object(timeline, "record", trusting):
        yield


@contextmanager
def forgetful_inbox() -> Iterator[None]:
    with trusting_timeline(), patch.object(Transactions, "once", lambda *_: True):
        yield


def forgotten_claim() -> AbstractContextManager[Any]:
    """A message stays queued while it is being sent."""
    return patch.object(Message, "claim", lambda *_: None)


def lease_of_nothing() -> AbstractContextManager[Any]:
    """Whoever comes takes the run over from whoever is at it."""
    return patch.object(answering, "LEASE", answering.LEASE * 0)


@contextmanager
def missing_situation() -> Iterator[None]:
    with patch.dict(SITUATIONS):
        del SITUATIONS["expire_session"]
        yield


FAULTS = {
    "inbox_forgets": with_fault(forgetful_inbox, "record_timeline", one_after_the_other),
    "claim_forgotten": with_fault(forgotten_claim, "send_message", at_once),
    "lease_of_nothing": with_fault(lease_of_nothing, "run_agent", at_once),
    "situation_missing": with_fault(missing_situation, "flush_message_group", at_once),
}
