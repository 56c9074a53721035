"""The HTTP request that Cloud Tasks makes of a task."""

from google.cloud.tasks_v2 import HttpMethod

from infra.local.grpc_server import Proto
from infra.local.http_client import Request
from infra.local.retries import previous_response, seconds
from infra.local.tokens import TokenIssuer


def request_of(task: Proto, tokens: TokenIssuer) -> Request:
    target = task.http_request
    return Request(
        url=target.url,
        method=HttpMethod(target.http_method).name,
        headers={
            "User-Agent": "Google-Cloud-Tasks",
            "Content-Type": "application/octet-stream",
            **target.headers,
            **_facts(task),
            **_authorization(target, tokens),
        },
        body=target.body,
    )


def _facts(task: Proto) -> dict[str, str]:
    """Tell the handler about the task, in headers that a sender cannot set."""
    *_, queue, _, name = task.name.split("/")
    facts = {
        "X-CloudTasks-QueueName": queue,
        "X-CloudTasks-TaskName": name,
        "X-CloudTasks-TaskRetryCount": str(task.dispatch_count),
        "X-CloudTasks-TaskExecutionCount": str(task.response_count),
        "X-CloudTasks-TaskETA": f"{seconds(task.schedule_time):.6f}",
    }
    if previous := previous_response(task):
        facts["X-CloudTasks-TaskPreviousResponse"] = previous
    return facts


def _authorization(target: Proto, tokens: TokenIssuer) -> dict[str, str]:
    if not target.HasField("oidc_token"):
        return {}
    token = tokens.mint(target.oidc_token.audience or target.url, target.oidc_token.service_account_email)
    return {"Authorization": f"Bearer {token}"}
