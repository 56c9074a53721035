"""What leaves with a transaction: its events and its tasks, as rows beside the rows that changed."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from shared.kernel.aggregate import Aggregate
from shared.kernel.events import Event
from shared.kernel.ids import uuid7
from shared.kernel.tasks import Task
from shared.runtime.identity import SYSTEM, Actor
from shared.runtime.parsing import as_json
from shared.runtime.postgres import Sql, sql
from shared.runtime.rows import Insert
from shared.runtime.telemetry import trace

EVENT_VERSION = "v1"
# Seconds. A hint costs every writer something, for Postgres hurries to write it down; a relay that has seen rows just
# now looks by itself, so that who commits one thing upon another need not wake it each time.
HINT_EVERY, HINT_EVERY_WHEN_BUSY = 0.005, 0.025

_EVENTS = Insert(
    table="outbox_events",
    common=("tenant_id",),
    columns=("id", "project_id", "topic", "type", "ordering_key", "envelope", "traceparent"),
    # An event occurred when the database says so, whose clock all instances share; one that leaves again, when it did.
    made=(("envelope", "jsonb_build_object('occurred_at', clock_timestamp()) || cast({} as jsonb)"),),
)
_TASKS = Insert(
    table="outbox_tasks",
    common=("tenant_id",),
    columns=("id", "queue", "task", "dedup_name", "body", "run_at", "traceparent"),
)
# A notification holds a lock over its own commit, so it never rides in the writing transaction.
_HINT = sql("select set_config('synchronous_commit', 'off', true), pg_notify('outbox', '')")


@dataclass
class Outgoing:
    """Collects a transaction's events and tasks and turns them into statements."""

    tenant_id: UUID
    actor: Actor = SYSTEM
    events: list[dict[str, Any]] = field(default_factory=list)
    tasks: list[dict[str, Any]] = field(default_factory=list)

    def collect(self, aggregates: Iterable[Aggregate]) -> None:
        """Take the events that the aggregates recorded; call it when their versions are final."""
        for aggregate in aggregates:
            self.events.extend(self._event_row(aggregate, event) for event in aggregate.collect())

    def schedule(self, task: Task, at: datetime | None = None) -> None:
        """Queue a task, to run now or at a time; two that are the same (`once_per`) run once."""
        task_id = uuid7()
        here = trace()
        body = {
            "task_id": task_id,
            "task": task.task_name,
            "tenant_id": self.tenant_id,
            "correlation_id": here.correlation_id,
            "data": plain(task),
        }
        self.tasks.append(
            {
                "id": task_id,
                "queue": task.queue,
                "task": task.task_name,
                "dedup_name": task.dedup_name(),
                "body": as_json(body),
                "run_at": at.isoformat() if at else None,
                "traceparent": here.traceparent or None,
            }
        )

    def schedule_again(self, queue: str, task: str, body: dict[str, Any]) -> None:
        """Queue a task as it was, under the id it had; the queue may still refuse the name it had."""
        again = {"id": uuid7(), "tenant_id": self.tenant_id, "queue": queue, "task": task}
        fresh = {"dedup_name": None, "run_at": None, "traceparent": trace().traceparent or None}
        self.tasks.append({**again, **fresh, "body": as_json(body)})

    def publish_again(self, topic: str, ordering_key: str, envelope: dict[str, Any]) -> None:
        """Publish an event as it was, under the id it had."""
        facts = {"type": envelope["event_type"], "project_id": envelope.get("project_id"), "topic": topic}
        again = {"id": uuid7(), "tenant_id": self.tenant_id, "ordering_key": ordering_key}
        came = {"traceparent": trace().traceparent or None}
        self.events.append({**again, **facts, **came, "envelope": as_json(envelope)})

    def statements(self) -> list[Sql]:
        """The inserts, to be sent in the writing transaction; none when nothing leaves."""
        events = _EVENTS.of(self.events, tenant_id=self.tenant_id)
        return [*events, *_TASKS.of(self.tasks, tenant_id=self.tenant_id)]

    def hint(self) -> list[Sql]:
        """A wake-up for the relay, to be sent behind the commit; losing it costs only latency."""
        return [_HINT] if (self.events or self.tasks) and _hint_is_due() else []

    def _event_row(self, aggregate: Aggregate, event: Event) -> dict[str, Any]:
        envelope = self._envelope(aggregate, event)
        ordered_by = getattr(event, event.ordered_by) if event.ordered_by else aggregate.id
        return {
            "id": envelope["event_id"],
            "project_id": envelope["project_id"],
            "topic": event.topic(),
            "type": event.event_type,
            "ordering_key": f"{self.tenant_id}:{ordered_by}",
            "envelope": as_json(envelope),
            "traceparent": trace().traceparent or None,
        }

    def _envelope(self, aggregate: Aggregate, event: Event) -> dict[str, Any]:
        here = trace()
        return {
            "event_id": uuid7(),
            "event_type": event.event_type,
            "event_version": EVENT_VERSION,
            "tenant_id": self.tenant_id,
            "project_id": getattr(aggregate, "project_id", None),
            "aggregate_type": aggregate.aggregate_type,
            "aggregate_id": aggregate.id,
            "aggregate_version": aggregate.version,
            "correlation_id": here.correlation_id or None,
            "causation_id": here.causation_id or None,
            "actor": {"type": self.actor.type, "id": self.actor.id},
            "data": plain(event),
        }


def plain(message: Event | Task) -> dict[str, Any]:
    """The payload's fields by name, ready for JSON."""
    return {item.name: getattr(message, item.name) for item in fields(message)}  # type: ignore[arg-type] # both are dataclasses


_last_hint = 0.0
_last_commit = 0.0


def _hint_is_due() -> bool:
    global _last_hint, _last_commit  # noqa: PLW0603 - a race here costs one hint too many
    now = time.monotonic()
    every = HINT_EVERY if now - _last_commit >= HINT_EVERY else HINT_EVERY_WHEN_BUSY
    _last_commit = now
    due = now - _last_hint >= every
    if due:
        _last_hint = now
    return due
