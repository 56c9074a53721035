"""One queue of tasks: when each is due, how fast they go out, and when a failed one goes again."""

import asyncio
import logging
import time
from dataclasses import dataclass

from google.cloud.tasks_v2 import Queue

from infra.local.dispatcher import Dispatcher, Pace
from infra.local.grpc_server import Proto
from infra.local.http_client import Failed, HttpClient, Unreachable
from infra.local.journal import Journal
from infra.local.retries import backoff, exhausted, record_attempt, seconds
from infra.local.task_request import request_of
from infra.local.tokens import TokenIssuer

_TOMBSTONE_SECONDS = 3600
_DONE = range(200, 300)

_log = logging.getLogger(__name__)


class Tombstones:
    """The names of tasks that are gone but cannot be used again for an hour."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._expiries = {name: float(body) for name, body in journal.load("tombstone")}

    def add(self, name: str, now: float) -> None:
        self._expiries[name] = now + _TOMBSTONE_SECONDS
        self._journal.put("tombstone", name, repr(self._expiries[name]).encode())
        self._sweep(now)

    def holds(self, name: str, now: float) -> bool:
        return self._expiries.get(name, now) > now

    def _sweep(self, now: float) -> None:
        while (oldest := next(iter(self._expiries))) and self._expiries[oldest] <= now:
            del self._expiries[oldest]
            self._journal.delete("tombstone", oldest)


@dataclass(eq=False)
class _Entry:
    task: Proto
    turn: int = 0  # each new due time is a new turn; an older one that still comes up is void


@dataclass(frozen=True)
class Services:
    """What every queue needs of its surroundings; `scale` multiplies backoff and deadlines."""

    journal: Journal
    client: HttpClient
    tokens: TokenIssuer
    tombstones: Tombstones
    scale: float


class TaskQueue:
    """Tasks until they succeed, are given up or are deleted, under a complete configuration."""

    def __init__(self, config: Proto, services: Services) -> None:
        self.config = config
        self._services = services
        self._entries: dict[str, _Entry] = {}
        self._ready: asyncio.Queue[tuple[_Entry, int]] = asyncio.Queue()
        self._dispatcher = self._limited_dispatcher()

    @property
    def tasks(self) -> list[Proto]:
        return [entry.task for entry in self._entries.values()]

    def task(self, name: str) -> Proto | None:
        entry = self._entries.get(name)
        return entry.task if entry else None

    def dispatch(self) -> None:
        """Begin to send what is due, at the rates that the configuration now says, unless it says to pause."""
        self.stop()
        self._dispatcher = self._limited_dispatcher()
        if self.config.state == Queue.State.RUNNING:
            self._dispatcher.start()

    def stop(self) -> None:
        self._dispatcher.stop()

    def add(self, task: Proto) -> None:
        self._save(task)
        self.keep(task)

    def keep(self, task: Proto) -> None:
        """Take in a task that the journal holds already."""
        entry = self._entries[task.name] = _Entry(task)
        self._await_its_time(entry)

    def run(self, name: str) -> None:
        """Send a task now, whatever its time, the rates and a pause."""
        entry = self._entries[name]
        entry.turn += 1
        self._dispatcher.begin((entry, entry.turn))

    def remove(self, name: str) -> None:
        del self._entries[name]
        self._services.journal.delete("task", name)
        self._services.tombstones.add(name, time.time())

    def _limited_dispatcher(self) -> Dispatcher[tuple[_Entry, int]]:
        limits = self.config.rate_limits
        pace = Pace(limits.max_dispatches_per_second, limits.max_burst_size)
        return Dispatcher(self._ready, self._attempt, at_once=limits.max_concurrent_dispatches, pace=pace)

    def _await_its_time(self, entry: _Entry) -> None:
        entry.turn += 1
        delay = seconds(entry.task.schedule_time) - time.time()
        if delay > 0:
            asyncio.get_running_loop().call_later(delay, self._ready.put_nowait, (entry, entry.turn))
        else:
            self._ready.put_nowait((entry, entry.turn))

    async def _attempt(self, due: tuple[_Entry, int]) -> None:
        entry, turn = due
        if not self._current(entry, turn):
            return
        started = time.time()
        try:
            status = await self._send(entry.task)
        except Unreachable as reason:
            # Nobody has seen the task, so this was no attempt: a restart of the target must not use them up.
            self._log(entry.task, reason)
            self._ready.put_nowait(due)
        except Failed as reason:
            self._log(entry.task, reason)
            self._settle(due, started, status=None)
        else:
            self._settle(due, started, status)

    def _settle(self, due: tuple[_Entry, int], started: float, status: int | None) -> None:
        entry, turn = due
        task = entry.task
        if status in _DONE and self._entries.get(task.name) is entry:
            self.remove(task.name)
        elif self._current(entry, turn):
            record_attempt(task, started, status)
            _log.warning("a task failed", extra={"task": task.name, "status": status})
            self._retry(entry)

    def _retry(self, entry: _Entry) -> None:
        retry, task, scale = self.config.retry_config, entry.task, self._services.scale
        if exhausted(retry, task, scale):
            _log.error("a task failed for the last time", extra={"task": task.name})
            self.remove(task.name)
            return
        again = time.time() + backoff(retry, task.dispatch_count) * scale
        task.schedule_time.FromNanoseconds(int(again * 1e9))
        self._save(task)
        self._await_its_time(entry)

    def _current(self, entry: _Entry, turn: int) -> bool:
        return self._entries.get(entry.task.name) is entry and entry.turn == turn

    async def _send(self, task: Proto) -> int:
        deadline = seconds(task.dispatch_deadline) * self._services.scale
        return await self._services.client.send(request_of(task, self._services.tokens), seconds=deadline)

    def _save(self, task: Proto) -> None:
        self._services.journal.put("task", task.name, task.SerializeToString())

    def _log(self, task: Proto, reason: Exception) -> None:
        _log.debug("a task got no answer: %s", reason, extra={"task": task.name})
