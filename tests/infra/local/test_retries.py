from datetime import timedelta

from google.cloud.tasks_v2 import RetryConfig
from google.pubsub_v1 import RetryPolicy, Subscription

from infra.local.retries import backoff, redelivery_pause


def test_pauses_double_then_grow_by_the_same_step_then_stay():
    retry = RetryConfig.pb(
        RetryConfig(min_backoff=timedelta(seconds=10), max_backoff=timedelta(seconds=300), max_doublings=3)
    )

    assert [backoff(retry, failures) for failures in range(1, 10)] == [10, 20, 40, 80, 160, 240, 300, 300, 300]


def test_a_message_comes_again_ever_later_up_to_the_longest_pause():
    policy = RetryPolicy(minimum_backoff=timedelta(seconds=5), maximum_backoff=timedelta(seconds=30))
    subscription = Subscription.pb(Subscription(retry_policy=policy))

    assert [redelivery_pause(subscription, failures) for failures in (1, 2, 3, 4, 5000)] == [5, 10, 20, 30, 30]


def test_without_a_policy_it_comes_again_at_once():
    assert redelivery_pause(Subscription.pb(Subscription()), 1) == 0
