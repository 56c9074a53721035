"""The task declaration, and the one path every Cloud Task takes."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Unpack
from uuid import UUID

from flask import Request, Response

from shared.kernel.tasks import Task
from shared.runtime.answers import answer
from shared.runtime.consume import Transactions, attempts_of, work_once, worked_off
from shared.runtime.dead_letters import Letter
from shared.runtime.declarations import Declaration, Deployment, Kind
from shared.runtime.parsing import adapter
from shared.runtime.spans import SpanKind, called, offered
from shared.runtime.telemetry import configure, say

Handler = Callable[..., None]


@dataclass(frozen=True, kw_only=True)
class TaskFunction(Declaration):
    """A function that Cloud Tasks calls, at a time and until it succeeds."""

    kind: ClassVar[Kind] = Kind.TASK

    task: type[Task]
    max_attempts: int

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.name != self.task.task_name:
            raise TypeError(f"{self.name} does the task {self.task.task_name}: give both one name")

    def trigger(self) -> dict[str, Any]:
        return {"task": self.task.task_name, "queue": self.task.queue, "max_attempts": self.max_attempts}

    def serve(self, request: Request) -> Response:
        """Do one task; anything but 2xx makes Cloud Tasks call again."""
        configure()
        try:
            body = json.loads(request.get_data())
            letter = self._letter(body, attempts_of(request, {}))
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            say("not a task", level=40, task=self.name, reason=type(error).__name__)
            return answer(500, b"")
        with called(
            SpanKind.CONSUMER,
            offered(request.headers.get),
            function=self.name,
            request_id=str(letter.message_id),
            correlation_id=body.get("correlation_id") or "",
            causation_id=str(letter.message_id),
            tenant_id=letter.tenant_id,
        ) as call:
            return call.answered(worked_off(lambda: self._do(letter), letter, self.max_attempts))

    def _letter(self, body: dict[str, Any], attempts: int) -> Letter:
        return Letter(
            tenant_id=UUID(body["tenant_id"]),
            project_id=None,
            kind="task",
            function=self.name,
            message_id=UUID(body["task_id"]),
            type=self.task.task_name,
            destination=self.task.queue,
            ordering_key="",
            body=body,
            attempts=attempts,
        )

    def _do(self, letter: Letter) -> None:
        task = adapter(self.task).validate_python(letter.body["data"])
        transactions = Transactions(letter.tenant_id, self.name, letter.message_id)
        work_once(transactions, self.handler, self.types, task)


def task(
    kind: type[Task], *, max_attempts: int = 20, **deployment: Unpack[Deployment]
) -> Callable[[Handler], Callable[[Request], Response]]:
    """Declare the one function that does a kind of task; its handler takes `uow` or `transactions`, and the task.

    After `max_attempts` failures, about an hour, it is kept as a dead letter.
    """

    def declare(handler: Handler) -> Callable[[Request], Response]:
        return TaskFunction(handler=handler, task=kind, max_attempts=max_attempts, **deployment).function()

    return declare
