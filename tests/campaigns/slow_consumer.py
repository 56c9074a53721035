"""Whether a consumer that outlives its ack deadline has its effect once, though a second copy runs beside it."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any
from unittest.mock import patch

from infra.fakes.waha_events import Party
from infra.local.postgres import run as run_sql
from shared.ai.runs import answering
from shared.crm.messages import sending
from shared.runtime.consume import Consumer
from tests.campaigns.cloud import Cloud, cloud, event_of, wait_until
from tests.campaigns.redelivery import Thinking, forgetful_inbox, forgotten_claim, lease_of_nothing
from tests.campaigns.stage import stage
from tests.support.api import Api
from tests.support.functions import declared
from tests.support.shop import Shop, open_shop
from tests.support.world import World

CUSTOMERS, QUICK_CUSTOMERS = 40, 3
SCALE = 0.02  # an ack deadline of a minute takes 1.2 s
DAWDLING = ("record_timeline", "run_agent", "send_message")  # all that a word and its answer call
OUTLIVES = 1.6  # ack deadlines that the first copy of everything takes
IDLE_SECONDS = 3  # after which Postgres ends who holds a lock and does nothing
PATIENCE, WITH_FAULT = 60.0, 8.0  # seconds
BAR = "0 effects beyond the first and 0 left stuck, with a second copy at work beside each first"
_UNTOLD = """
select count(*) from outbox_events e where type in ('contact.created', 'message.created', 'session.started')
    and not exists (select from inbox i where i.consumer = 'record_timeline'
        and i.event_id = (e.envelope ->> 'event_id')::uuid)
"""
_TOLD_TWICE = "select count(*) - count(distinct (contact_id, type, occurred_at, data)) from contact_events"
_STUCK = """
select (select count(*) from messages where direction = 'outbound' and status in ('queued', 'sending', 'unknown'))
    + (select count(*) from message_groups where outcome is null)
"""


@dataclass
class Slowness:
    """Lets the first copy of each thing sleep for longer than it may, the very first one until its locks are lost."""

    door: Cloud
    seen: set[tuple[str, str]] = field(default_factory=set)
    running: Counter[tuple[str, str]] = field(default_factory=Counter)
    beside: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._deadlines = {spec.name: spec.ack_deadline * SCALE for spec in declared(Consumer)}

    def dawdle(self, function: str, about: str) -> None:
        with self._lock:
            first, very_first = (function, about) not in self.seen, not any(name == function for name, _ in self.seen)
            self.seen.add((function, about))
        if first:
            longest = IDLE_SECONDS * 1.5 if very_first and function == "record_timeline" else 0
            time.sleep(max(longest, self._deadlines[function] * OUTLIVES))

    @contextmanager
    def watched(self, function: str, body: bytes) -> Iterator[None]:
        """Count who works on the same at the same time."""
        if function not in self._deadlines:
            yield
            return
        about = function, event_of(body)["event_id"]
        with self._lock:
            self.beside[function] += self.running[about] > 0
            self.running[about] += 1
        try:
            yield
        finally:
            with self._lock:
                self.running[about] -= 1


@contextmanager
def slow(slowness: Slowness, thinking: Thinking) -> Iterator[None]:
    timeline = import_module("functions.crm.contact_events.record_timeline")
    record, call, answer = timeline.record, sending._call, thinking.answer

    def record_slowly(uow: Any, contact_id: Any, envelope: Any) -> None:
        record(uow, contact_id, envelope)
        slowness.dawdle("record_timeline", str(envelope.occurred_at))

    def call_slowly(parcel: Any) -> Any:
        slowness.dawdle("send_message", str(parcel.message_id))
        return call(parcel)

    def answer_slowly(question: Any) -> Any:
        slowness.dawdle("run_agent", str(question))
        return answer(question)

    with (
        patch.object(timeline, "record", record_slowly),
        patch.object(sending, "_call", call_slowly),
        patch.object(thinking, "answer", answer_slowly),
        patch.object(answering, "responder_for", thinking),
    ):
        yield


def impatient(world: World) -> None:
    """Let Postgres end sooner who holds a lock and does nothing."""
    for name, value in (("idle_in_transaction_session_timeout", f"{IDLE_SECONDS}s"), ("lock_timeout", "2s")):
        change = f"alter role ventros_app in database {world.database.name} set {name} = '{value}'"
        run_sql(world.database.admin_url, change)


def measure(
    customers: int, patience: float, fault: Callable[[], AbstractContextManager[Any]] = nullcontext
) -> dict[str, Any]:
    with stage("slow") as world:
        impatient(world)
        thinking = Thinking()
        with cloud(scale=SCALE) as door, fault():
            slowness = Slowness(door)
            door.watch = slowness.watched
            with slow(slowness, thinking), open_shop(world, Api(), world.new_tenant(), debounce_timeout_ms=50) as shop:
                done = serve(shop, door, customers, patience)
                return figures(shop, slowness, thinking, customers, done=done)


def serve(shop: Shop, door: Cloud, customers: int, patience: float) -> bool:
    """Let each customer say a word, and wait until everything that follows from it is done."""
    for number in range(customers):
        shop.hears("Oi", customer=Party(phone=f"55119{number:08}", lid=f"1{number:014}", name="Ana"))

    def is_done() -> bool:
        world = shop.world
        still = world.value(_UNTOLD) or world.value(_STUCK) or door.under_way
        return len(shop.sent) >= customers and not still

    return wait_until(is_done, patience)


def figures(shop: Shop, slowness: Slowness, thinking: Thinking, customers: int, *, done: bool) -> dict[str, Any]:
    twice = shop.world.value(_TOLD_TWICE)
    told = {
        "customers": customers,
        "second_copies_beside": dict(slowness.beside),
        "told_twice": twice,
        "asked_beyond": thinking.asked - customers,
        "sent_beyond": len(shop.waha.state.sent) - customers,
        "untold": shop.world.value(_UNTOLD),
        "stuck": shop.world.value(_STUCK),
        "bar": BAR,
    }
    clean = not any(told[name] for name in ("told_twice", "asked_beyond", "sent_beyond", "untold", "stuck"))
    beside = all(slowness.beside[name] >= customers for name in DAWDLING)
    return {**told, "passed": done and clean and beside}


def run(long: bool) -> dict[str, Any]:
    return measure(CUSTOMERS if long else QUICK_CUSTOMERS, PATIENCE * (5 if long else 1))


def _faulty(fault: Callable[[], AbstractContextManager[Any]]) -> Callable[[], dict[str, Any]]:
    return lambda: measure(1, WITH_FAULT, fault)


FAULTS = {fault.__name__: _faulty(fault) for fault in (forgetful_inbox, forgotten_claim, lease_of_nothing)}
