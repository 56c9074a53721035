"""Fetching from a Pub/Sub subscription, many messages at a time, by whoever asks when it suits them."""

import time
from collections.abc import Iterator
from typing import Any

from google.api_core.exceptions import DeadlineExceeded
from google.pubsub_v1.services.subscriber import SubscriberClient
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport

from shared.cloud.channel import plain_channel

MOST = 1000  # messages of one request, Google's limit
WAIT = 2.0  # seconds that an empty subscription is waited for


class Subscription:
    """One pull subscription; `emulator` is the host:port of a stand-in, empty means Google."""

    def __init__(self, project: str, name: str, *, emulator: str = "") -> None:
        transport = SubscriberGrpcTransport(channel=plain_channel(emulator)) if emulator else None
        self._client = SubscriberClient(transport=transport)
        self._name = f"projects/{project}/subscriptions/{name}"

    def batches(self, *, until: float) -> Iterator[list[bytes]]:
        """What waits, until nothing does or the moment `until` (monotonic) has come.

        A batch is acknowledged when its taker is done with it; one that its taker fails with stays, and comes again.
        """
        while time.monotonic() < until and (received := self._pull()):
            yield [each.message.data for each in received]
            acknowledged = {"subscription": self._name, "ack_ids": [each.ack_id for each in received]}
            self._client.acknowledge(request=acknowledged)

    def _pull(self) -> list[Any]:
        request = {"subscription": self._name, "max_messages": MOST}
        try:
            return list(self._client.pull(request=request, timeout=WAIT, retry=None).received_messages)
        except DeadlineExceeded:
            return []

    def close(self) -> None:
        self._client.transport.close()  # type: ignore[no-untyped-call] # the library leaves it untyped
