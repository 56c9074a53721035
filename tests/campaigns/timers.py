"""Whether every burst is closed exactly once, though timers run twice, late, out of order, for nothing, or never."""

import heapq
import itertools
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any
from unittest.mock import patch
from uuid import UUID

from functions.crm.message_groups import flush_message_group as timer
from infra.fakes.waha_events import Party, make_event
from shared.crm.message_groups.model import MessageGroup
from shared.crm.message_groups.store import MessageGroups, message_groups
from shared.crm.message_groups.tasks import CloseMessageGroup
from shared.crm.message_groups.use_cases import flush
from shared.kernel.tasks import Task
from shared.runtime import postgres
from shared.runtime.outbox import Outgoing
from shared.runtime.postgres import sql
from shared.runtime.work import UnitOfWork
from tests.campaigns.stage import stage
from tests.support.api import Api
from tests.support.calls import again, give, tell, tick
from tests.support.waha import WahaChannel, waha_channel
from tests.support.world import World

LONG, QUICK = 400, 18  # chats
TALK, AFTERWARDS, SWEEP_EVERY = 600, 1200, 60  # seconds
RARELY, OFTEN = 0.1, 0.25
LATE = 300
LONGEST_WAIT = 660  # a lost timer, then a late task of the sweep
WAITS = (60_000, 3_600_000)  # how long a burst may last at most on each channel, ms
BAR = (
    "each burst closed exactly once, none before its deadline or left open, each message in exactly one, "
    f"one live timer a burst, and nobody waits longer than {LONGEST_WAIT} s after the deadline"
)
# Seconds between two messages of a chat: upon each other, as the burst may be about to be closed, after it.
PAUSES = ((0, 12), (14, 16), (40, 110), (100, 400))
RESTLESS = ((0, 12), (14, 16), (14, 75))
# What becomes of a task, and how often.
FATES = {"in_time": 40, "delayed": 18, "late": 14, "twice": 8, "twice_at_once": 5, "made_twice": 7, "lost": 12}
OCCASIONS = (*FATES, "name_taken", "for_nothing", "races", "old_timers")
_NEW_TASKS = "select task, dedup_name, body, run_at from outbox_tasks where published_at is null order by seq"
_TASKS_TAKEN = "update outbox_tasks set published_at = now() where published_at is null"
_COMPLETED = """
select envelope from outbox_events where published_at is null and type = 'message_group.completed' order by seq
"""
_COMPLETED_TAKEN = """
update outbox_events set published_at = now() where published_at is null and type = 'message_group.completed'
"""
_BURST = """
select g.id, g.generation from messages m join message_groups g on g.id = m.message_group_id
where m.text = :said and g.status = 'pending'
"""
# A burst says what its messages say, behind what older ones asked in vain.
_GROUPS = """
select g.text, extract(epoch from g.closed_at - g.deadline_at) as seconds,
    (select count(*) from outbox_events e where e.type = 'message_group.completed'
        and e.envelope ->> 'aggregate_id' = g.id::text) as flushes,
    concat_ws(' ',
        (select string_agg(text, ' ' order by opened_at, id) from message_groups where superseded_by_id = g.id),
        (select string_agg(text, ' ' order by sent_at, id) from messages where message_group_id = g.id)) as said
from message_groups g
"""
_MESSAGES = """
select g.id is not null as grouped,
    (select count(*) from outbox_events e where e.type = 'message_group.message_added'
        and e.envelope -> 'data' ->> 'message_id' = m.id::text) as taken
from messages m left join message_groups g on g.id = m.message_group_id and g.chat_id = m.chat_id
"""


@dataclass
class Trial:
    """Some chats' talk, and a Cloud Tasks at its worst; time passes as fast as it can be worked off."""

    world: World
    channels: list[WahaChannel]
    chance: Random
    sweeps: bool = True
    seen: Counter[str] = field(default_factory=Counter)
    names: set[str] = field(default_factory=set)
    last_words: dict[Party, str] = field(default_factory=dict)
    agenda: list[tuple[datetime, int, Callable[[], None]]] = field(default_factory=list)
    numbers: Any = field(default_factory=itertools.count)

    def run(self, chats: int) -> None:
        began = self.world.now()
        for number in range(chats):
            self._plan_talk(began, number)
        if self.sweeps:
            for seconds in range(SWEEP_EVERY, TALK + AFTERWARDS, SWEEP_EVERY):
                self._at(began + timedelta(seconds=seconds), lambda: self._expect(tick("sweep_message_groups")))
        while self.agenda:
            at, _, do = heapq.heappop(self.agenda)
            self.world.advance(max((at - self.world.now()).total_seconds(), 0))
            do()
            self._carry()

    def _at(self, at: datetime, do: Callable[[], None]) -> None:
        heapq.heappush(self.agenda, (at, next(self.numbers), do))

    def _expect(self, status: int) -> None:
        self.seen["failed"] += status != 204

    # Customers

    def _plan_talk(self, began: datetime, number: int) -> None:
        at = self.chance.uniform(0, 60)
        customer = Party(phone=f"55119{80_000_000 + number}", name=f"Pessoa {number}")
        while at < TALK:
            self._at(began + timedelta(seconds=at), lambda customer=customer: self._hear(customer))  # type: ignore[misc] # bound here
            at += self.chance.uniform(*self.chance.choice(RESTLESS if number % 3 else PAUSES))

    def _hear(self, customer: Party) -> None:
        self.seen["messages"] += 1
        text, now = f"m{self.seen['messages']}", int(self.world.now().timestamp())
        event = make_event("GOWS", "text", customer=customer, body=text, timestamp=now)
        channel = self.channels[int(customer.phone) % len(self.channels)]
        if self.chance.random() < RARELY:
            self._hear_in_vain(channel, event)
        before = self._burst_of(customer) if self.chance.random() < OFTEN else None
        with ThreadPoolExecutor(2) as pool:
            delivered = pool.submit(channel.deliver, event)
            if before:
                self._close_at_once(channel, before)
        self.seen["failed"] += delivered.result().status_code != 200
        self.last_words[customer] = text

    def _burst_of(self, customer: Party) -> dict[str, Any] | None:
        return next(iter(self.world.rows(_BURST, said=self.last_words.get(customer))), None)

    def _close_at_once(self, channel: WahaChannel, group: dict[str, Any]) -> None:
        """A sweep had found the burst overdue, but its task comes just as somebody writes again."""
        task = CloseMessageGroup(group_id=UUID(group["id"]), generation=group["generation"])
        self.seen["races"] += 1
        self._expect(give(channel.tenant.tenant_id, task))

    def _hear_in_vain(self, channel: WahaChannel, event: dict[str, Any]) -> None:
        """The transaction is rolled back at its very end, but its timers were made, and run."""
        made: list[Task] = []

        def keep(_: Outgoing, task: Task, at: datetime | None = None) -> None:
            made.append(task)

        with patch.object(postgres, "COMMIT", sql("rollback")), patch.object(Outgoing, "schedule", keep):
            channel.deliver(event)
        for task in made:
            self.seen["for_nothing"] += 1
            self._expect(give(channel.tenant.tenant_id, task))

    # Cloud Tasks

    def _carry(self) -> None:
        """Take what the outbox holds: tasks to their fates, bursts that are closed to whom they are for."""
        tasks, completed = self.world.rows(_NEW_TASKS), self.world.rows(_COMPLETED)
        if tasks:
            self.world.run(_TASKS_TAKEN)
        if completed:
            self.world.run(_COMPLETED_TAKEN)
        for row in tasks:
            self._create(row)
        for row in completed:
            for status in tell(row["envelope"]):
                self._expect(status)

    def _create(self, row: dict[str, Any]) -> None:
        fate = self.chance.choices(list(FATES), weights=list(FATES.values()))[0]
        self.seen[fate] += 1
        for _ in range(1 + (fate == "made_twice")):
            if row["dedup_name"] in self.names:
                self.seen["name_taken"] += 1
                continue
            self.names |= {row["dedup_name"]} - {None}
            self._set_out(row, fate)

    def _set_out(self, row: dict[str, Any], fate: str) -> None:
        due = datetime.fromisoformat(row["run_at"]) if row["run_at"] else self.world.now()
        for seconds in self._delays(fate):
            self._at(due + timedelta(seconds=seconds), lambda: self._run(row, copies=1 + (fate == "twice_at_once")))

    def _delays(self, fate: str) -> list[float]:
        return {
            "made_twice": [self.chance.uniform(0, 60)],
            "in_time": [self.chance.uniform(0, 1)],
            "delayed": [self.chance.uniform(5, 120)],
            "late": [float(LATE)],
            "twice": [0.5, self.chance.uniform(1, 120)],
            "twice_at_once": [0.5],
        }.get(fate, [])

    def _run(self, row: dict[str, Any], copies: int) -> None:
        """Run a task, and see whether a timer acted that another had taken the place of, or one acted twice."""
        before = self._group(row)
        with ThreadPoolExecutor(copies) as pool:
            for status in pool.map(again, [row] * copies):
                self._expect(status)
        after = self._group(row)
        self.seen["acted_twice"] += after[1] - before[1] > 1
        if before[0] == "pending" and row["body"]["data"].get("generation", before[1]) < before[1]:
            self.seen["old_timers"] += 1
            self.seen["old_timers_acted"] += after != before

    def _group(self, row: dict[str, Any]) -> tuple[str, int]:
        find = "select status, generation from message_groups where id = :id"
        (found,) = self.world.rows(find, id=UUID(row["body"]["data"]["group_id"]))
        return found["status"], found["generation"]

    # What came of it

    def figures(self) -> dict[str, Any]:
        groups, messages = self.world.rows(_GROUPS), self.world.rows(_MESSAGES)
        broken = {
            "never_closed": sum(each["flushes"] == 0 for each in groups),
            "closed_twice": sum(each["flushes"] > 1 for each in groups),
            "closed_early": sum((each["seconds"] or 0) < 0 for each in groups),
            "wrong_texts": sum(each["flushes"] and each["text"] != each["said"] for each in groups),
            "messages_lost": self.seen["messages"] - len(messages),
            "messages_not_in_one": sum(not each["grouped"] or each["taken"] != 1 for each in messages),
            "waited_too_long": sum((each["seconds"] or 0) > LONGEST_WAIT for each in groups),
            **{name: self.seen[name] for name in ("failed", "acted_twice", "old_timers_acted")},
        }
        return {
            "messages": len(messages),
            "bursts": len(groups),
            "tasks": {name: self.seen[name] for name in OCCASIONS},
            "longest_wait_seconds": round(max((each["seconds"] or 0) for each in groups)),
            **broken,
            "bar": BAR,
            # A run in which nothing went wrong around it proves nothing.
            "passed": not any(broken.values()) and all(self.seen[name] for name in OCCASIONS),
        }


def measure(chats: int, *, sweeps: bool = True, seed: int = 5) -> dict[str, Any]:
    with stage("timers", movable=True) as world:
        tenant = world.new_tenant()
        channels = [waha_channel(world, Api(), tenant, bot=False, debounce_max_wait_ms=wait) for wait in WAITS]
        trial = Trial(world, channels, Random(seed), sweeps)
        trial.run(chats)
        return trial.figures()


def run(long: bool) -> dict[str, Any]:
    return measure(LONG if long else QUICK)


def unchecked(uow: UnitOfWork, group_id: UUID, generation: int) -> None:
    """Close a burst whatever the number of the timer."""
    group = MessageGroups(uow).first(message_groups.c.id == group_id)
    flush(uow, group_id, group.generation if group else generation)


def with_fault(fault: AbstractContextManager[Any], chats: int, *, sweeps: bool = True) -> dict[str, Any]:
    """The fault, among so many chats as surely show it."""
    with fault:
        return measure(chats, sweeps=sweeps)


# Without a sweep it is lost timers that show, so more are lost.
FAULTS: dict[str, Callable[[], dict[str, Any]]] = {
    "generation_unchecked": lambda: with_fault(patch.object(timer, "flush", unchecked), 6),
    "sweeper_off": lambda: with_fault(patch.dict(FATES, lost=100), 4, sweeps=False),
    "deadline_ignored": lambda: with_fault(patch.object(MessageGroup, "is_due", lambda *_: True), 3),
}
