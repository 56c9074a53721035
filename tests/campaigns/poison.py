"""Whether what a function can never take is kept and out of the way of all others, and takes its effect once, later."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from infra.fakes.waha_events import Party
from infra.local import topology
from shared.kernel.ids import uuid7
from shared.runtime import consume, task
from shared.runtime.consume import Transactions, work_once
from shared.runtime.dead_letters import Letter
from shared.runtime.outbox import Outgoing
from tests.campaigns.cloud import Cloud, cloud, event_of, wait_until
from tests.campaigns.stage import stage
from tests.support.api import Api
from tests.support.shop import Shop, open_shop

CUSTOMERS, QUICK_CUSTOMERS = 1000, 24
PATIENCE, WITH_FAULT = 60.0, 4.0  # seconds
ASKED = 6  # times that each letter is asked for, half of them at once
MOST_ATTEMPTS = {"record_timeline": 10, "run_agent": 10, "send_message": 10, "flush_message_group": 20}
LETTERS = "/api/v1/admin/dead-letters"
BAR = "0 lost, 0 effects beyond the first, each poison kept within its attempts, and nobody else held up"
# Attempts follow each other at once here; how long they wait has tests of its own.
HASTY = {"minimum_backoff": {"seconds": 0}, "maximum_backoff": {"seconds": 1}}
HASTY_QUEUE = {"max_attempts": -1, "min_backoff": {"nanos": 1_000_000}, "max_backoff": {"nanos": 20_000_000}}
_UNTOLD = """
select count(*) from outbox_events e where type in ('contact.created', 'message.created', 'session.started')
    and not exists (select from inbox i where i.consumer = 'record_timeline'
        and i.event_id = (e.envelope ->> 'event_id')::uuid)
"""
_TOLD_TWICE = """
select count(*) - count(distinct (contact_id, type, occurred_at, data)) from contact_events
"""


class Poisoned(Exception):
    pass


@dataclass
class Poison:
    """Of each function, the first message that it gets: it can never take it; another kills the timeline's process."""

    chosen: dict[str, Any] = field(default_factory=dict)
    deadly: str = ""
    cured: bool = False

    def __post_init__(self) -> None:
        self._lock = threading.Lock()

    def work(self, transactions: Transactions, *rest: Any) -> None:
        """What stands in the place of the runtime's own."""
        function, message = transactions.consumer, transactions.message_id
        with self._lock:
            bad = function in MOST_ATTEMPTS and self.chosen.setdefault(function, message) == message
        if bad and not self.cured:
            raise Poisoned(str(message))
        work_once(transactions, *rest)

    def kills(self, function: str, body: bytes) -> bool:
        if function != "record_timeline" or self.cured:
            return False
        event_id = str(event_of(body)["event_id"])
        with self._lock:
            if not self.deadly and event_id != str(self.chosen.get(function, event_id)):
                self.deadly = event_id
        return event_id == self.deadly


@dataclass
class Trial:
    """A shop with many customers, of whom some are served badly."""

    shop: Shop
    door: Cloud
    poison: Poison
    customers: int
    patience: float

    def run(self) -> dict[str, Any]:
        for number in range(self.customers):
            self.shop.hears("Oi", customer=Party(phone=f"55119{number:08}", lid=f"1{number:014}", name="Ana"))
        kept = wait_until(self._is_quiet, self.patience)
        letters = self._letters()
        served = len(self.shop.waha.sent)
        self.poison.cured = True
        refused = self._requeue(letters)
        done = wait_until(self._is_done, self.patience)
        return self._figures(letters, served, refused, kept=kept, done=done)

    def _is_quiet(self) -> bool:
        return len(self._letters()) == len(MOST_ATTEMPTS) + 1 and len(self.shop.waha.sent) >= self.customers - 3

    def _is_done(self) -> bool:
        return len(self.shop.waha.sent) >= self.customers and not self.shop.world.value(_UNTOLD) and self._is_idle()

    def _is_idle(self) -> bool:
        waiting = "select count(*) from outbox_events where published_at is null"
        return not self.door.under_way and not self.shop.world.value(waiting)

    def _letters(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.shop.api.get(LETTERS, as_=self.shop.tenant.admin).get_json()["data"]
        return found

    def _requeue(self, letters: list[dict[str, Any]]) -> int:
        """Ask for each several times, one after the other and at once; how often that was refused."""
        paths = [f"{LETTERS}/{letter['id']}/requeue" for letter in letters]

        def ask(path: str) -> bool:
            return self.shop.api.post(path, as_=self.shop.tenant.admin).status_code != 200

        with ThreadPoolExecutor(4) as threads:
            return sum(threads.map(ask, paths * (ASKED // 2))) + sum(map(ask, paths * (ASKED // 2)))

    def _figures(
        self, letters: list[dict[str, Any]], served: int, refused: int, *, kept: bool, done: bool
    ) -> dict[str, Any]:
        sent = Counter(record.chat_id for record in self.shop.waha.whatsapp)
        told = {
            "customers": self.customers,
            "served_beside_poison": served,
            "kept": dict(Counter(f"{letter['function']}: {letter['reason']}" for letter in letters)),
            "beyond_attempts": sum(letter["attempts"] > MOST_ATTEMPTS[letter["function"]] for letter in letters),
            "requeues_refused": refused,
            "lost": self.customers - len(sent) + self.shop.world.value(_UNTOLD),
            "doubled": sum(sent.values()) - len(sent) + self.shop.world.value(_TOLD_TWICE),
            "bar": BAR,
        }
        bad = told["beyond_attempts"] or refused or told["lost"] or told["doubled"]
        return {**told, "passed": kept and done and served >= self.customers - 3 and not bad}


def measure(
    customers: int, patience: float, fault: Callable[[], AbstractContextManager[Any]] = nullcontext
) -> dict[str, Any]:
    poison = Poison()
    with (
        stage("poison") as world,
        patch.object(topology, "RETRIES", HASTY),
        patch.object(topology, "QUEUE_RETRIES", HASTY_QUEUE),
        patch.object(consume, "work_once", poison.work),
        patch.object(task, "work_once", poison.work),
        cloud() as door,
        fault(),
        open_shop(world, Api(), world.new_tenant(), debounce_timeout_ms=50) as shop,
    ):
        door.crashes = poison.kills
        return Trial(shop, door, poison, customers, patience).run()


def run(long: bool) -> dict[str, Any]:
    return measure(CUSTOMERS if long else QUICK_CUSTOMERS, PATIENCE * (10 if long else 1))


@contextmanager
def letters_are_dropped() -> Iterator[None]:
    """What Pub/Sub has given up on is acknowledged and not kept."""
    with patch.object(Letter, "keep", lambda *_: None):
        yield


@contextmanager
def requeued_as_something_new() -> Iterator[None]:
    """A letter is published under a new id each time it is asked for."""
    publish = Outgoing.publish_again

    def anew(outgoing: Outgoing, topic: str, key: str, envelope: dict[str, Any]) -> None:
        for _ in range(2):
            publish(outgoing, topic, key, {**envelope, "event_id": str(uuid7()), "data": envelope["data"]})

    with patch.object(Outgoing, "publish_again", anew):
        yield


def _faulty(fault: Callable[[], AbstractContextManager[Any]]) -> Callable[[], dict[str, Any]]:
    return lambda: measure(8, WITH_FAULT, fault)


FAULTS = {fault.__name__: _faulty(fault) for fault in (letters_are_dropped, requeued_as_something_new)}
