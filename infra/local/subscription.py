"""One subscription: which of its messages may go out, which are out, and when one comes again."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping
from typing import NamedTuple

from google.pubsub_v1.types import pubsub as types

from infra.local import filters
from infra.local.dispatcher import Dispatcher
from infra.local.grpc_server import Proto, plain
from infra.local.http_client import Failed, Unreachable
from infra.local.journal import Journal
from infra.local.push import Pusher
from infra.local.retries import redelivery_pause

_PUSHED_AT_ONCE = 16

_log = logging.getLogger(__name__)
_ReceivedMessage = plain(types.ReceivedMessage)


class _Lease(NamedTuple):
    received: Proto
    expiry: asyncio.TimerHandle


class Subscription:
    """Keeps each message until it is acknowledged; of one ordering key only the oldest is ever on offer or out.

    `bury(topic, message)` publishes a dead letter and says whether the topic exists. `scale` multiplies ack deadlines
    and backoff.
    """

    def __init__(
        self, config: Proto, journal: Journal, pusher: Pusher, bury: Callable[[str, Proto], bool], scale: float
    ) -> None:
        self.config = config
        self._journal, self._pusher, self._bury, self._scale = journal, pusher, bury, scale
        self._matches = filters.parse(config.filter)
        self._ready: asyncio.Queue[Proto] = asyncio.Queue()
        self._kept: dict[str, Proto] = {}
        self._lines: dict[str, deque[Proto]] = {}
        self._leases: dict[str, _Lease] = {}
        self._dispatcher = Dispatcher(self._ready, self._deliver, at_once=_PUSHED_AT_ONCE)

    def offer(self, message: Proto) -> None:
        if self._matches(message.attributes):
            received = _ReceivedMessage(message=message, delivery_attempt=1)
            self._save(received)
            self.keep(received)

    def keep(self, received: Proto) -> None:
        """Take in a message that the journal holds already."""
        self._kept[received.message.message_id] = received
        line = self._line(received)
        if line is not None:
            line.append(received)
        if line is None or len(line) == 1:
            self._ready.put_nowait(received)

    def push(self) -> None:
        """Begin to push, or to push elsewhere, or to wait to be pulled, as the configuration now says."""
        self._dispatcher.stop()
        if self.config.push_config.push_endpoint:
            self._dispatcher.start()

    def forget(self) -> None:
        """Stop, and drop every message."""
        self._dispatcher.stop()
        for lease in self._leases.values():
            lease.expiry.cancel()
        for message_id in self._kept:
            self._journal.delete("message", self._key(message_id))
        self._kept.clear()

    async def pull(self, at_most: int, wait: float) -> list[Proto]:
        """Lease messages for the ack deadline; wait so many seconds for the first."""
        try:
            async with asyncio.timeout(wait):
                pulled = [await self._ready.get()]
        except TimeoutError:
            return []
        while len(pulled) < at_most and not self._ready.empty():
            pulled.append(self._ready.get_nowait())
        return [self._lease(received) for received in pulled if received.message.message_id in self._kept]

    def acknowledge(self, ack_id: str) -> None:
        if lease := self._leases.pop(ack_id, None):
            lease.expiry.cancel()
            self._done(lease.received)

    def extend(self, ack_id: str, deadline: int) -> None:
        """Make the lease end so many seconds from now; 0 gives the message back at once."""
        lease = self._leases.get(ack_id)
        if lease is None:
            return
        lease.expiry.cancel()
        if deadline:
            self._leases[ack_id] = self._lease_of(lease.received, ack_id, deadline)
        else:
            self._expire(ack_id)

    def _lease(self, received: Proto) -> Proto:
        received.ack_id = f"{received.message.message_id}-{received.delivery_attempt}"
        self._leases[received.ack_id] = self._lease_of(received, received.ack_id, self.config.ack_deadline_seconds)
        answer = _ReceivedMessage(ack_id=received.ack_id, message=received.message)
        if self.config.HasField("dead_letter_policy"):
            answer.delivery_attempt = received.delivery_attempt
        return answer

    def _lease_of(self, received: Proto, ack_id: str, deadline: int) -> _Lease:
        loop = asyncio.get_running_loop()
        return _Lease(received, loop.call_later(deadline * self._scale, self._expire, ack_id))

    def _expire(self, ack_id: str) -> None:
        self._refused(self._leases.pop(ack_id).received)

    async def _deliver(self, received: Proto) -> None:
        if received.message.message_id not in self._kept:
            return
        try:
            await self._pusher.push(self.config, received)
        except Unreachable as reason:
            # Nobody has seen the message, so this was no delivery: a restart of the target must not bury anything.
            self._log(logging.DEBUG, reason)
            self._ready.put_nowait(received)
        except Failed as reason:
            self._log(logging.WARNING, reason)
            self._refused(received)
        else:
            self._done(received)

    def _done(self, received: Proto) -> None:
        if self._kept.pop(received.message.message_id, None) is None:
            return
        self._journal.delete("message", self._key(received.message.message_id))
        line = self._line(received)
        if line is None:
            return
        line.popleft()
        if line:
            self._ready.put_nowait(line[0])
        else:
            del self._lines[received.message.ordering_key]

    def _refused(self, received: Proto) -> None:
        if received.message.message_id not in self._kept:
            return
        policy = self.config.dead_letter_policy
        last = policy.dead_letter_topic and received.delivery_attempt >= policy.max_delivery_attempts
        if last and self._bury(policy.dead_letter_topic, self._dead_letter(received)):
            self._done(received)
            return
        received.delivery_attempt += 1
        self._save(received)
        self._again(received)

    def _again(self, received: Proto) -> None:
        if pause := redelivery_pause(self.config, received.delivery_attempt - 1) * self._scale:
            asyncio.get_running_loop().call_later(pause, self._ready.put_nowait, received)
        else:
            self._ready.put_nowait(received)

    def _dead_letter(self, received: Proto) -> Proto:
        _, project, _, name = self.config.name.split("/")
        letter = plain(types.PubsubMessage)()
        letter.CopyFrom(received.message)
        origin: Mapping[str, str] = {
            "DeliveryCount": str(received.delivery_attempt),
            "Subscription": name,
            "SubscriptionProject": project,
            "TopicPublishTime": received.message.publish_time.ToJsonString(),
        }
        letter.attributes.update({f"CloudPubSubDeadLetterSource{fact}": value for fact, value in origin.items()})
        return letter

    def _line(self, received: Proto) -> deque[Proto] | None:
        """Return the messages of one ordering key, oldest first; None where order does not matter."""
        key = received.message.ordering_key
        return self._lines.setdefault(key, deque()) if key and self.config.enable_message_ordering else None

    def _save(self, received: Proto) -> None:
        self._journal.put("message", self._key(received.message.message_id), received.SerializeToString())

    def _key(self, message_id: str) -> str:
        return f"{self.config.name} {message_id}"

    def _log(self, level: int, reason: Exception) -> None:
        _log.log(level, "a push was not acknowledged: %s", reason, extra={"subscription": self.config.name})
