"""The task declaration, and the one path every Cloud Task takes."""

import functools
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Unpack
from uuid import UUID

from flask import Request, Response

from shared.kernel.tasks import Task
from shared.runtime.answers import answer
from shared.runtime.consume import Busy, Transactions, work_once
from shared.runtime.declarations import ATTRIBUTE, Declaration, Deployment, Kind
from shared.runtime.parsing import adapter
from shared.runtime.telemetry import configure, say, traced

Handler = Callable[..., None]


@dataclass(frozen=True, kw_only=True)
class TaskFunction(Declaration):
    """A function that Cloud Tasks calls, at a time and until it succeeds."""

    kind: ClassVar[Kind] = Kind.TASK

    task: type[Task]

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.name != self.task.task_name:
            raise TypeError(f"{self.name} does the task {self.task.task_name}: give both one name")

    def trigger(self) -> dict[str, Any]:
        return {"task": self.task.task_name, "queue": self.task.queue}

    def serve(self, request: Request) -> Response:
        """Do one task; anything but 2xx makes Cloud Tasks call again."""
        configure()
        body = json.loads(request.get_data())
        with traced(
            function=self.name,
            request_id=body["task_id"],
            correlation_id=body.get("correlation_id") or "",
            causation_id=body["task_id"],
            tenant_id=UUID(body["tenant_id"]),
        ):
            try:
                self._do(body)
            except Busy as error:
                say("not now", reason=str(error))
                return answer(503, b"")
            except Exception as error:  # noqa: BLE001 - the last line before the wire
                say("task not done", level=40, error=True, reason=type(error).__name__)
                return answer(500, b"")
            return answer(204, b"")

    def _do(self, body: dict[str, Any]) -> None:
        task = adapter(self.task).validate_python(body["data"])
        transactions = Transactions(UUID(body["tenant_id"]), self.name, UUID(body["task_id"]))
        work_once(transactions, self.handler, self.types, task)


def task(kind: type[Task], **deployment: Unpack[Deployment]) -> Callable[[Handler], Callable[[Request], Response]]:
    """Declare the one function that does a kind of task; its handler takes `uow` or `transactions`, and the task."""

    def declare(handler: Handler) -> Callable[[Request], Response]:
        spec = TaskFunction(handler=handler, task=kind, **deployment)

        @functools.wraps(handler)
        def serve(request: Request) -> Response:
            return spec.serve(request)

        setattr(serve, ATTRIBUTE, spec)
        return serve

    return declare
