"""When Pub/Sub and Cloud Tasks try again what failed, and when Cloud Tasks gives up."""

import time

import grpc

from infra.local.grpc_server import Proto

_MOST_DOUBLINGS = 10  # by then even one second has grown past the longest pause there is


def seconds(duration: Proto) -> float:
    return float(duration.ToNanoseconds() / 1e9)


def redelivery_pause(subscription: Proto, failures: int) -> float:
    """Seconds after so many failures: doubling between the retry policy's bounds; without a policy, none."""
    if not subscription.HasField("retry_policy"):
        return 0
    policy = subscription.retry_policy
    doublings = min(failures - 1, _MOST_DOUBLINGS)
    return min(seconds(policy.maximum_backoff), seconds(policy.minimum_backoff) * 2.0**doublings)


def backoff(retry: Proto, failures: int) -> float:
    """Seconds after so many failures: doubled `max_doublings` times, then growing by the same step, then constant."""
    first, longest = seconds(retry.min_backoff), seconds(retry.max_backoff)
    doublings = int(min(failures - 1, retry.max_doublings))
    steps = failures - doublings
    return min(longest, first * 2.0**doublings * steps)


def exhausted(retry: Proto, task: Proto, scale: float) -> bool:
    """Tell whether a task has used up its attempts and, if it is given a duration, that too; -1 attempts: no limit."""
    longest = seconds(retry.max_retry_duration) * scale
    age = time.time() - seconds(task.first_attempt.dispatch_time)
    if longest:
        return age >= longest and bool(task.dispatch_count >= retry.max_attempts)
    return bool(0 < retry.max_attempts <= task.dispatch_count)


def record_attempt(task: Proto, started: float, status: int | None) -> None:
    """Write into the task when it was sent and the HTTP status that came back; None if nothing did."""
    attempt = task.last_attempt
    attempt.Clear()
    attempt.schedule_time.CopyFrom(task.schedule_time)
    attempt.dispatch_time.FromNanoseconds(int(started * 1e9))
    attempt.response_status.code = grpc.StatusCode.UNKNOWN.value[0]
    task.dispatch_count += 1
    if status is not None:
        task.response_count += 1
        attempt.response_time.GetCurrentTime()
        attempt.response_status.message = f"HTTP status code {status}"
    if task.dispatch_count == 1:
        task.first_attempt.dispatch_time.CopyFrom(attempt.dispatch_time)


def previous_response(task: Proto) -> str:
    """Return the HTTP status of the last attempt; empty if it got none."""
    return str(task.last_attempt.response_status.message).rpartition(" ")[2]
