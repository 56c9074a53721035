"""Single calls of tasks, consumers and schedules, for tests that choose themselves what comes when and how often."""

from typing import Any
from uuid import UUID

from shared.kernel.ids import uuid7
from shared.kernel.tasks import Task
from shared.runtime.declarations import Declaration
from shared.runtime.outbox import plain
from shared.runtime.schedule import Schedule
from tests.support.api import call
from tests.support.functions import consumers_of, declared, function_for
from tests.support.world import perform, push


def give(tenant_id: UUID, task: Task, *, task_id: UUID | None = None) -> int:
    """Have a task done as if it had been scheduled, and give the status; one `task_id` is one task, however often."""
    body = {"task_id": str(task_id or uuid7()), "tenant_id": str(tenant_id), "data": plain(task)}
    return perform(doer(task.task_name), body)


def again(row: dict[str, Any]) -> int:
    """Have a task of the outbox done, whether it was done before or not, and give the status."""
    return perform(doer(row["task"]), row["body"])


def tell(envelope: dict[str, Any]) -> list[int]:
    """Push an event to each of its consumers, whether it was before or not, and give the statuses."""
    return [push(spec, envelope) for spec in consumers_of(envelope["event_type"])]


def retold(envelope: dict[str, Any]) -> dict[str, Any]:
    """The same fact as a new event."""
    return {**envelope, "event_id": str(uuid7())}


def tick(name: str) -> int:
    """Let the clock call a schedule, and give the status."""
    (spec,) = (each for each in declared(Schedule) if each.name == name)
    return call(spec, "POST", "/").status_code


def doer(task_name: str) -> Declaration:
    spec = function_for(task_name)
    assert spec is not None, f"no function does the task {task_name}"
    return spec
