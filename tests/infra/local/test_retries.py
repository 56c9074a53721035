from datetime import timedelta

from google.cloud.tasks_v2 import RetryConfig

from infra.local.retries import backoff


def test_pauses_double_then_grow_by_the_same_step_then_stay():
    retry = RetryConfig.pb(
        RetryConfig(min_backoff=timedelta(seconds=10), max_backoff=timedelta(seconds=300), max_doublings=3)
    )

    assert [backoff(retry, failures) for failures in range(1, 10)] == [10, 20, 40, 80, 160, 240, 300, 300, 300]
