"""Creating Cloud Tasks: HTTP calls to our own functions, at a time, each name once."""

from dataclasses import dataclass
from datetime import datetime

from google.api_core.exceptions import AlreadyExists
from google.cloud.tasks_v2 import CloudTasksClient, CreateTaskRequest
from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcTransport

from shared.cloud.channel import plain_channel
from shared.cloud.failures import FAILURES, undelivered


@dataclass(frozen=True, kw_only=True)
class Call:
    """A POST of JSON; `name` makes a second one of that name count as done, `run_at` None means now."""

    queue: str
    url: str
    body: bytes
    name: str | None = None
    run_at: datetime | None = None
    traceparent: str = ""  # of whoever wants it done; Google's own spans then stand in the same trace


class TaskQueues:
    """Cloud Tasks of one place, which calls as `account`; `emulator` is the host:port of a stand-in."""

    def __init__(self, project: str, region: str, account: str, *, emulator: str = "") -> None:
        transport = CloudTasksGrpcTransport(channel=plain_channel(emulator)) if emulator else None
        self._client = CloudTasksClient(transport=transport)
        self._place = f"projects/{project}/locations/{region}"
        self._account = account

    def create(self, call: Call, *, seconds: float) -> None:
        """Return when the task is kept, or was before; `Undelivered` when it is not."""
        request = self._request(call)
        try:
            self._client.create_task(request=CreateTaskRequest.wrap(request), retry=None, timeout=seconds)
        except AlreadyExists:
            return
        except FAILURES as error:
            raise undelivered(error) from error

    def close(self) -> None:
        self._client.transport.close()  # type: ignore[no-untyped-call] # the library leaves it untyped

    def _request(self, call: Call) -> object:
        queue = f"{self._place}/queues/{call.queue}"
        request = CreateTaskRequest.pb()(parent=queue)
        http = request.task.http_request
        http.url, http.body = call.url, call.body
        http.headers["Content-Type"] = "application/json"
        if call.traceparent:
            http.headers["traceparent"] = call.traceparent
        http.oidc_token.service_account_email = self._account
        http.oidc_token.audience = call.url
        if call.name:
            request.task.name = f"{queue}/tasks/{call.name}"
        if call.run_at:
            request.task.schedule_time.FromDatetime(call.run_at)
        return request
