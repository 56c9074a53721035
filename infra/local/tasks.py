"""Cloud Tasks: the CloudTasks service, over queues and tasks kept in the journal."""

import re
import time
import uuid
from collections.abc import Mapping
from datetime import timedelta

import grpc
from google.cloud.tasks_v2.types import cloudtasks as types
from google.cloud.tasks_v2.types import queue as queue_types
from google.cloud.tasks_v2.types import target as target_types
from google.cloud.tasks_v2.types import task as task_types

from infra.local.grpc_server import Empty, Method, Proto, Refused, already_exists, invalid, not_found, page, plain
from infra.local.retries import seconds
from infra.local.task_queue import Services, TaskQueue

_QUEUE = re.compile(r"projects/[^/]+/locations/[^/]+/queues/[A-Za-z0-9-]{1,100}", re.ASCII)
_TASK = re.compile(_QUEUE.pattern + r"/tasks/[\w-]{1,500}", re.ASCII)
_FURTHEST = timedelta(days=30).total_seconds()
_DEADLINES = (15, 1800)
_DEFAULT_DEADLINE = 600
_BODILESS = ("GET", "HEAD", "DELETE", "OPTIONS")
_State = queue_types.Queue.State


class Tasks:
    def __init__(self, services: Services) -> None:
        self._services = services
        self._queues: dict[str, TaskQueue] = {}

    def services(self) -> Mapping[str, Mapping[str, Method]]:
        t, queue, task = types, queue_types.Queue, task_types.Task
        return {
            "google.cloud.tasks.v2.CloudTasks": {
                "CreateQueue": Method(t.CreateQueueRequest, queue, self.create_queue),
                "GetQueue": Method(t.GetQueueRequest, queue, lambda request: self._queue(request.name).config),
                "ListQueues": Method(t.ListQueuesRequest, t.ListQueuesResponse, self.list_queues),
                "UpdateQueue": Method(t.UpdateQueueRequest, queue, self.update_queue),
                "DeleteQueue": Method(t.DeleteQueueRequest, Empty, self.delete_queue),
                "PauseQueue": Method(t.PauseQueueRequest, queue, self.pause_queue),
                "ResumeQueue": Method(t.ResumeQueueRequest, queue, self.resume_queue),
                "CreateTask": Method(t.CreateTaskRequest, task, self.create_task),
                "GetTask": Method(t.GetTaskRequest, task, self.get_task),
                "ListTasks": Method(t.ListTasksRequest, t.ListTasksResponse, self.list_tasks),
                "DeleteTask": Method(t.DeleteTaskRequest, Empty, self.delete_task),
                "RunTask": Method(t.RunTaskRequest, task, self.run_task),
            }
        }

    def restore(self) -> None:
        """Take up from the journal where the last process stopped, however it did."""
        journal = self._services.journal
        for name, body in journal.load("queue"):
            self._queues[name] = TaskQueue(plain(queue_types.Queue).FromString(body), self._services)
        for name, body in journal.load("task"):
            self._queues[_queue_of(name)].keep(plain(task_types.Task).FromString(body))
        for queue in self._queues.values():
            queue.dispatch()

    def create_queue(self, request: Proto) -> Proto:
        name = request.queue.name
        if not _QUEUE.fullmatch(name) or not name.startswith(f"{request.parent}/queues/"):
            raise invalid(f"{name!r} is not a queue of {request.parent!r}.")
        if name in self._queues:
            raise already_exists(name)
        _complete_queue(request.queue)
        self._queues[name] = TaskQueue(request.queue, self._services)
        return self._configure(request.queue, _State.RUNNING)

    def list_queues(self, request: Proto) -> Proto:
        mine = (q.config for name, q in self._queues.items() if name.startswith(f"{request.parent}/"))
        queues, token = page(mine, request)
        return plain(types.ListQueuesResponse)(queues=queues, next_page_token=token)

    def update_queue(self, request: Proto) -> Proto:
        """Only what the mask names, or all of it without one; a queue that does not exist is made, as Google does."""
        name = request.queue.name
        if name not in self._queues:
            return self.create_queue(plain(types.CreateQueueRequest)(parent=_parent_of(name), queue=request.queue))
        config = plain(queue_types.Queue)()
        config.CopyFrom(self._queues[name].config)
        if request.update_mask.paths:
            request.update_mask.MergeMessage(request.queue, config, True, True)  # noqa: FBT003 - replace, not merge
        else:
            config.CopyFrom(request.queue)
        return self._configure(config, self._queues[name].config.state)

    def delete_queue(self, request: Proto) -> Proto:
        queue = self._queue(request.name)
        queue.stop()
        for task in queue.tasks:
            queue.remove(task.name)
        del self._queues[request.name]
        self._services.journal.delete("queue", request.name)
        return Empty()

    def pause_queue(self, request: Proto) -> Proto:
        return self._configure(self._queue(request.name).config, _State.PAUSED)

    def resume_queue(self, request: Proto) -> Proto:
        return self._configure(self._queue(request.name).config, _State.RUNNING)

    def create_task(self, request: Proto) -> Proto:
        queue, task = self._queue(request.parent), request.task
        if task.name:
            self._check_name(request.parent, task.name)
        else:
            task.name = f"{request.parent}/tasks/{uuid.uuid4().int % 10**19:019}"
        _complete(task)
        queue.add(task)
        return _view(task, request.response_view)

    def get_task(self, request: Proto) -> Proto:
        return _view(self._task(request.name)[1], request.response_view)

    def list_tasks(self, request: Proto) -> Proto:
        tasks, token = page(self._queue(request.parent).tasks, request)
        views = [_view(task, request.response_view) for task in tasks]
        return plain(types.ListTasksResponse)(tasks=views, next_page_token=token)

    def delete_task(self, request: Proto) -> Proto:
        queue, task = self._task(request.name)
        queue.remove(task.name)
        return Empty()

    def run_task(self, request: Proto) -> Proto:
        queue, task = self._task(request.name)
        queue.run(task.name)
        return _view(task, request.response_view)

    def _configure(self, config: Proto, state: int) -> Proto:
        _complete_queue(config)
        config.state = state
        queue = self._queues[config.name]
        queue.config = config
        self._services.journal.put("queue", config.name, config.SerializeToString())
        queue.dispatch()
        return config

    def _check_name(self, parent: str, name: str) -> None:
        if not _TASK.fullmatch(name) or _queue_of(name) != parent:
            raise invalid(f"{name!r} is not a name for a task of {parent!r}: letters, digits, - and _, at most 500.")
        if self._queues[parent].task(name):
            raise already_exists(name)
        if self._services.tombstones.holds(name, time.time()):
            message = "The task cannot be created because a task with this name existed too recently."
            raise Refused(grpc.StatusCode.ALREADY_EXISTS, message)

    def _queue(self, name: str) -> TaskQueue:
        if name not in self._queues:
            raise not_found(name)
        return self._queues[name]

    def _task(self, name: str) -> tuple[TaskQueue, Proto]:
        queue = self._queue(_queue_of(name))
        task = queue.task(name)
        if task is None:
            raise not_found(name)
        return queue, task


def _queue_of(task: str) -> str:
    return task.rpartition("/tasks/")[0]


def _parent_of(queue: str) -> str:
    return queue.rpartition("/queues/")[0]


def _view(task: Proto, view: int) -> Proto:
    """Copy the task as asked for: without its body, unless the view is the full one."""
    shown = plain(task_types.Task)()
    shown.CopyFrom(task)
    shown.view = view or task_types.Task.View.BASIC
    if shown.view == task_types.Task.View.BASIC:
        shown.http_request.ClearField("body")
    return shown


def _complete(task: Proto) -> None:
    """Fill in Google's defaults, and refuse what Google refuses."""
    if not task.HasField("http_request"):
        raise Refused(grpc.StatusCode.UNIMPLEMENTED, "The local Cloud Tasks sends HTTP requests only.")
    _complete_request(task.http_request)
    task.create_time.GetCurrentTime()
    if not task.HasField("schedule_time"):
        task.schedule_time.CopyFrom(task.create_time)
    if seconds(task.schedule_time) > time.time() + _FURTHEST:
        raise invalid("The schedule_time must be within 30 days.")
    task.dispatch_deadline.seconds = task.dispatch_deadline.seconds or _DEFAULT_DEADLINE
    if not _DEADLINES[0] <= task.dispatch_deadline.seconds <= _DEADLINES[1]:
        raise invalid("The dispatch_deadline must be between 15 s and 30 min.")
    for output in ("dispatch_count", "response_count", "first_attempt", "last_attempt"):
        task.ClearField(output)


def _complete_request(request: Proto) -> None:
    request.http_method = request.http_method or target_types.HttpMethod.POST
    if not re.match(r"https?://[^/\s]+", request.url):
        raise invalid("HttpRequest.url must start with http:// or https:// and name a host.")
    if request.body and target_types.HttpMethod(request.http_method).name in _BODILESS:
        raise invalid("HttpRequest.body is allowed for POST, PUT and PATCH only.")


def _complete_queue(config: Proto) -> None:
    limits, retry = config.rate_limits, config.retry_config
    limits.max_dispatches_per_second = limits.max_dispatches_per_second or 500
    limits.max_concurrent_dispatches = limits.max_concurrent_dispatches or 1000
    limits.max_burst_size = max(1, int(limits.max_dispatches_per_second / 5))
    if not 0 < limits.max_dispatches_per_second <= 500 or not 0 < limits.max_concurrent_dispatches <= 5000:  # noqa: PLR2004 - Google's own limits
        raise invalid("A queue dispatches at most 500 tasks a second and 5000 at once.")
    retry.max_attempts = retry.max_attempts or 100
    retry.max_doublings = retry.max_doublings or 16
    if not retry.HasField("min_backoff"):
        retry.min_backoff.FromMilliseconds(100)
    if not retry.HasField("max_backoff"):
        retry.max_backoff.FromSeconds(3600)
