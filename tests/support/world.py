"""All that happens around a function: the relay, Pub/Sub, Cloud Tasks and the clock, in this process and at once."""

import base64
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from shared.runtime.declarations import Declaration
from shared.runtime.postgres import Connections, Row, Sql, connections, sql
from tests.support.api import call
from tests.support.functions import consumers_of, function_for
from tests.support.postgres import Database
from tests.support.tenants import Tenant, new_tenant

MOST_ROUNDS = 1000

_EVENTS = """
select json_build_object('id', id, 'tenant_id', tenant_id, 'type', type, 'key', ordering_key, 'envelope', envelope,
    'traceparent', traceparent)
from outbox_events where published_at is null order by seq
"""
_TASKS = """
select json_build_object('id', id, 'tenant_id', tenant_id, 'task', task, 'name', dedup_name, 'body', body,
    'traceparent', traceparent)
from outbox_tasks where published_at is null and coalesce(run_at, now()) <= now()
order by coalesce(run_at, created_at), seq
"""
_NEXT = "select json_build_array(min(run_at)) from outbox_tasks where published_at is null"
_PUBLISHED = "update {table} set published_at = now() where tenant_id = :tenant_id and id = :id"


class Undelivered(AssertionError):
    """A consumer or a task did not answer 2xx; the cloud would try again, a test wants to know."""


@dataclass
class Drained:
    """What left the outbox: how many events and tasks, and how often each function was called."""

    events: int = 0
    tasks: int = 0
    calls: dict[str, int] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    def called(self, spec: Declaration, status: int) -> None:
        self.calls[spec.name] = self.calls.get(spec.name, 0) + 1
        if status >= 300:
            self.failures.append(f"{spec.name} answered {status}")


class World:
    """`admin` connections are a superuser's: they see every tenant."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.admin: Connections = connections(database.admin_url)
        self._relay: Connections = connections(database.relay_url)
        self._names: set[str] = set()

    def new_tenant(self, name: str = "Padaria Aurora") -> Tenant:
        return new_tenant(self.admin, name)

    def rows(self, query: str, **values: Any) -> list[dict[str, Any]]:
        """The rows of a query over all tenants, as JSON has them: ids and times are strings."""
        found = self.admin.run(sql(f"select row_to_json(row) from ({query}) as row", **values))[0]
        return [json.loads(row[0] or "") for row in found]

    def value(self, query: str, **values: Any) -> Any:
        """The first column of the only row of a query over all tenants; None when there is no row."""
        found = self.rows(query, **values)
        assert len(found) <= 1, f"{len(found)} rows where one was expected"
        return next(iter(found[0].values())) if found else None

    def run(self, statement: str, **values: Any) -> list[Row]:
        """Change something behind the product's back."""
        return self.admin.run(sql(statement, **values))[0]

    def events(self, type: str | None = None) -> list[dict[str, Any]]:
        """The envelopes of all events so far, in order, or of those of one type."""
        query = "select envelope from outbox_events where type = coalesce(:type, type) order by seq"
        return [row["envelope"] for row in self.rows(query, type=type)]

    def tasks(self, task: str | None = None) -> list[dict[str, Any]]:
        """The scheduled tasks so far, in order: their rows."""
        return self.rows("select * from outbox_tasks where task = coalesce(:task, task) order by seq", task=task)

    def now(self) -> datetime:
        """The database's clock, as far as it was moved."""
        return datetime.fromisoformat(self.value("select clock_timestamp()"))

    def advance(self, seconds: float) -> None:
        """Let that much time pass."""
        self.run("update pretended.clock set shift = shift + make_interval(secs => :seconds)", seconds=seconds)

    def drain(
        self, *, timers: bool = False, until: datetime | timedelta | None = None, tolerate: bool = False
    ) -> Drained:
        """Deliver every event and every task that is due, and what they cause, until nothing is left.

        Tasks for later wait, unless time may pass: up to `until`, or with `timers` until none is left.
        Undelivered unless all went well; `tolerate` leaves the judging to the caller (see `failures`),
        and nothing is delivered twice.
        """
        done = Drained()
        limit = self.now() + until if isinstance(until, timedelta) else until
        for _ in range(MOST_ROUNDS):
            if not (self._deliver(done) or self._passed(limit, timers=timers)):
                break
        else:
            raise AssertionError(f"after {MOST_ROUNDS} rounds there is still something to do: {done.calls}")
        if limit and (rest := (limit - self.now()).total_seconds()) > 0:
            self.advance(rest)
        if done.failures and not tolerate:
            raise Undelivered(f"{'; '.join(done.failures)} (the log lines say why)")
        return done

    def _passed(self, limit: datetime | None, *, timers: bool) -> bool:
        """Move the clock to the next task if that is allowed."""
        found = json.loads(self._relay.run(sql(_NEXT))[0][0][0] or "")[0]
        if not found:
            return False
        due = datetime.fromisoformat(found)
        if not timers and (limit is None or due > limit):
            return False
        self.advance(max((due - self.now()).total_seconds(), 0) + 0.001)
        return True

    def _deliver(self, done: Drained) -> bool:
        events = self._waiting(_EVENTS)
        for event in events:
            self._publish(event, done)
        # Events first: a task is made after what it follows from.
        tasks = [] if events else self._waiting(_TASKS)
        for task in tasks:
            self._perform(task, done)
        return bool(events or tasks)

    def _waiting(self, query: str) -> list[dict[str, Any]]:
        return [json.loads(row[0] or "") for row in self._relay.run(sql(query))[0]]

    def _publish(self, event: dict[str, Any], done: Drained) -> None:
        self._mark("outbox_events", event)
        done.events += 1
        for spec in consumers_of(event["type"]):
            told = {"ordering_key": event["key"], "traceparent": event["traceparent"] or ""}
            done.called(spec, push(spec, event["envelope"], **told))

    def _perform(self, task: dict[str, Any], done: Drained) -> None:
        self._mark("outbox_tasks", task)
        if task["name"] in self._names:
            return  # Cloud Tasks remembers names, and refuses the second of a kind.
        self._names |= {task["name"]} - {None}
        done.tasks += 1
        spec = function_for(task["task"])
        assert spec is not None, f"no function does the task {task['task']}"
        done.called(spec, perform(spec, task["body"], traceparent=task["traceparent"] or ""))

    def _mark(self, table: str, row: dict[str, Any]) -> None:
        self._relay.run(Sql(_PUBLISHED.format(table=table), row))


def push(
    spec: Declaration,
    envelope: dict[str, Any],
    *,
    ordering_key: str = "",
    message_id: str = "",
    attempt: int = 1,
    traceparent: str = "",
) -> int:
    """Push one event to one consumer as Pub/Sub does, the so many-th time, and give the status of its answer.

    An event that its publisher has sent again has another `message_id`, which is Pub/Sub's own.
    """
    message = {
        "data": base64.b64encode(json.dumps(envelope).encode()).decode(),
        "messageId": message_id or envelope["event_id"],
        "publishTime": envelope["occurred_at"],
        "attributes": {
            "event_type": envelope["event_type"],
            "tenant_id": envelope["tenant_id"],
            "traceparent": traceparent,
        },
        "orderingKey": ordering_key,
    }
    subscription = f"projects/ventros-local/subscriptions/{spec.name}"
    body = {"message": message, "subscription": subscription, "deliveryAttempt": attempt}
    return call(spec, "POST", "/", json=body).status_code


def perform(spec: Declaration, body: dict[str, Any], *, attempt: int = 1, traceparent: str = "") -> int:
    """Send one task to its function as Cloud Tasks does, the so many-th time, and give the status of its answer."""
    headers = {
        "X-CloudTasks-TaskName": body["task_id"],
        "X-CloudTasks-TaskRetryCount": str(attempt - 1),
        "traceparent": traceparent,
    }
    return call(spec, "POST", "/", json=body, headers=headers).status_code
