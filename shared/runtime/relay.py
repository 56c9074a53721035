"""The only publisher: carries the outbox to Pub/Sub and Cloud Tasks, and loses nothing wherever it is killed."""

import json
import os
import select
import socket
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from contextvars import copy_context
from datetime import datetime
from threading import Event, Timer
from typing import Protocol, Self

from pg8000.exceptions import InterfaceError

from shared.cloud.pubsub import Message, Publisher
from shared.cloud.tasks import Call, TaskQueues
from shared.kernel.ids import uuid7
from shared.runtime.lane import Lane, Outlet, Parcel, Waiting
from shared.runtime.leases import MARGIN, Leases
from shared.runtime.patience import Patience
from shared.runtime.postgres import DATABASE_ERRORS, Connection, Connections, connect, pipeline, sql
from shared.runtime.settings import settings
from shared.runtime.telemetry import say

_LISTEN_TURN = 0.2  # seconds between two looks at whether to stop
_NOTIFICATIONS = 65536


class Publishes(Protocol):
    def publish(self, topic: str, messages: list[Message], *, seconds: float) -> None: ...


class Creates(Protocol):
    def create(self, call: Call, *, seconds: float) -> None: ...


def events_outlet(publisher: Publishes) -> Outlet:
    """Events: to their topic, in the order of their ordering key."""

    def send(parcel: Parcel) -> None:
        messages = [_message(row) for row in parcel.rows]
        publisher.publish(parcel.first.destination, messages, seconds=MARGIN)

    content = "type, envelope ->> 'aggregate_type', traceparent, envelope"
    return Outlet("events", "outbox_events", "topic", "ordering_key", content, send)


def tasks_outlet(queues: Creates, functions_url: str) -> Outlet:
    """Tasks: to their queue, in no order; those for a time further off than Cloud Tasks takes wait here."""

    def send(parcel: Parcel) -> None:
        queues.create(_call(parcel.first, functions_url), seconds=MARGIN)

    due = "(run_at is null or run_at < clock_timestamp() + interval '29 days')"
    content = "task, dedup_name, to_json(run_at), traceparent, body"
    return Outlet("tasks", "outbox_tasks", "queue", "id::text", content, send, due)


def _message(row: Waiting) -> Message:
    kind, aggregate_type, traceparent, envelope = row.content
    attributes = {
        "type": kind or "",
        "tenant_id": row.tenant_id,
        "event_id": row.id,
        "aggregate_type": aggregate_type or "",
        **({"traceparent": traceparent} if traceparent else {}),
    }
    return Message(data=(envelope or "").encode(), attributes=attributes, ordering_key=row.key)


def _call(row: Waiting, functions_url: str) -> Call:
    task, name, run_at, traceparent, body = row.content
    return Call(
        queue=row.destination,
        url=f"{functions_url}/{task}",
        body=(body or "").encode(),
        name=name or None,
        run_at=datetime.fromisoformat(json.loads(run_at)) if run_at else None,
        traceparent=traceparent or "",
    )


class Relay:
    """Carries the shards it leases, until stopped or, in a sweep, until nothing is left.

    Several relays share the shards; the end of one, however it comes, leaves its shards to the others.
    """

    def __init__(self, database_url: str, *outlets: Outlet, sweeping: bool = False) -> None:
        self.holder = f"{socket.gethostname()}-{os.getpid()}-{uuid7().hex[-8:]}"
        self._url = database_url
        self._database = Connections(database_url)
        self._leases = Leases(self._database, self.holder, sweeping=sweeping)
        self._lanes = [Lane(outlet, self._database, self._leases) for outlet in outlets]

    def run(self, stop: Event) -> None:
        """Carry until told to stop; then finish what is under way and let others take over."""
        say("relay started", holder=self.holder)
        self._carry(stop, [lambda: self._listen(stop), *(self._runner(lane, stop) for lane in self._lanes)])
        say("relay stopped", holder=self.holder)

    def sweep(self, seconds: float) -> None:
        """Carry what waits in shards that no relay holds, for so many seconds at most."""
        stop = Event()
        clock = Timer(seconds, stop.set)
        clock.start()
        try:
            self._carry(stop, [self._runner(lane, stop, until_empty=True) for lane in self._lanes])
        finally:
            clock.cancel()

    def _runner(self, lane: Lane, stop: Event, *, until_empty: bool = False) -> Callable[[], None]:
        return lambda: lane.run(stop, until_empty=until_empty)

    def _carry(self, stop: Event, work: list[Callable[[], None]]) -> None:
        """Work with leases held until all of the work has ended; the first that fails ends the others."""
        ended = Event()
        self._leases.look()
        with ThreadPoolExecutor(len(work) + 1, thread_name_prefix="relay") as threads:
            keeping = _start(threads, lambda: self._leases.keep(ended), stop)
            working = [_start(threads, each, stop) for each in work]
            failures = [future.exception() for future in working]
            ended.set()
            failures.append(keeping.exception())
        self._leases.release()
        self._database.close()
        for failure in filter(None, failures):
            raise failure

    def _listen(self, stop: Event) -> None:
        """Wake the lanes at every hint; without hints they look by themselves, a little later."""
        patience = Patience("the database, for hints")
        while not stop.is_set():
            try:
                self._follow(stop, patience)
            except DATABASE_ERRORS as error:
                stop.wait(patience.failed(error))

    def _follow(self, stop: Event, patience: Patience) -> None:
        with closing(connect(self._url)) as connection:
            pipeline(connection, sql("listen outbox"))
            patience.succeeded()
            while not stop.is_set():
                if _is_notified(connection):
                    self._wake()

    def _wake(self) -> None:
        for lane in self._lanes:
            lane.wake.set()


def _is_notified(connection: Connection) -> bool:
    """Wait a little for notifications, and swallow them: what they say does not matter, only that they came."""
    wire: socket.socket = connection._usock  # noqa: SLF001 - pg8000 offers no wait
    ready, _, _ = select.select([wire], [], [], _LISTEN_TURN)
    if ready and not wire.recv(_NOTIFICATIONS):
        raise InterfaceError("the database closed the connection")
    return bool(ready)


class Outside:
    """The clients of Pub/Sub and Cloud Tasks, as the settings name them, for as long as the context lasts."""

    def __init__(self) -> None:
        known = settings()
        self._publisher = Publisher(known.google_project, emulator=known.pubsub_emulator_host)
        self._queues = TaskQueues(
            known.google_project,
            known.google_region,
            known.pusher_account,
            emulator=known.cloud_tasks_emulator_host,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._publisher.close()
        self._queues.close()

    def relay(self, *, sweeping: bool = False) -> Relay:
        events, tasks = events_outlet(self._publisher), tasks_outlet(self._queues, settings().functions_base_url)
        return Relay(settings().relay_database_url, events, tasks, sweeping=sweeping)


def _start(threads: ThreadPoolExecutor, work: Callable[[], None], stop: Event) -> Future[None]:
    """Run it in a thread, under the present trace; should it fail, tell the others to stop."""
    future = threads.submit(copy_context().run, work)

    def judge(done: Future[None]) -> None:
        if done.exception():
            stop.set()

    future.add_done_callback(judge)
    return future
