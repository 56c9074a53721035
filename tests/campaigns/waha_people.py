"""People who write and read while a history is fetched."""

import itertools
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from random import Random
from typing import Any

from infra.fakes.waha_events import envelope, make_ack, payload
from infra.fakes.waha_history import Kept
from tests.campaigns.waha_machines import Server
from tests.campaigns.waha_source import Source
from tests.support.world import World

READ, OK = 3, 200
WRITERS = 3  # customers who write at once
LOST_WEBHOOKS = 0.1  # share of what is said meanwhile and never delivered


class People:
    """Who writes and reads while the histories are fetched, and how long each delivery took."""

    def __init__(self, world: World, server: Server, sources: list[Source], per_second: float, seed: int) -> None:
        self._world, self._server, self._sources, self._per_second = world, server, sources, per_second
        self._chance = Random(seed)
        self._numbers = itertools.count(seed * 1_000_000)
        self._lock = threading.Lock()
        self.seconds: list[float] = []
        self.undelivered: list[str] = []

    def write(self, until: Callable[[], bool]) -> None:
        """Write, from several phones, as many a second as are wanted, until it is enough."""
        if self._per_second:
            with ThreadPoolExecutor(WRITERS) as threads:
                for each in [threads.submit(self._one, until) for _ in range(WRITERS)]:
                    each.result()

    def _one(self, until: Callable[[], bool]) -> None:
        while not until():
            began = time.monotonic()
            self._say(*self._next())
            time.sleep(max(0.0, began + WRITERS / self._per_second - time.monotonic()))

    def _next(self) -> tuple[Source, Kept, float]:
        """Something new in a chat, something old that comes by its webhook at last, or that something was read."""
        with self._lock:
            source, chance = self._chance.choice(self._sources), self._chance.random()
            old = self._chance.choice(source.kept)
        return source, old, chance

    def _say(self, source: Source, old: Kept, chance: float) -> None:
        if chance < 0.2 and old.said.from_me and not old.said.group and 0 < old.ack < READ:
            source.receipts[old.said.message_id] = READ
            told: dict[str, Any] = {"customer": old.said.customer, "chat": old.said.chat_address}
            self._deliver(source, make_ack(source.engine, READ, message_id=old.said.message_id, **told))
        elif chance < 0.45 and source.may_come(old):
            self._deliver(source, _event(source, old))
        else:
            self._say_something_new(source, old)

    def _say_something_new(self, source: Source, old: Kept) -> None:
        with self._lock:
            number, is_lost = next(self._numbers), self._chance.random() < LOST_WEBHOOKS
        at = int(self._world.now().timestamp())
        said = replace(old.said, kind="text", body=f"agora {number}", message_id=f"LIVE{number:018}", timestamp=at)
        kept = Kept(said=replace(said, from_me=False, reply_to=None), ack=2)
        self._server.remember(source, kept)
        source.archive.add(kept)
        if is_lost:
            self.undelivered.append(said.message_id)
        else:
            self._deliver(source, _event(source, kept))

    def _deliver(self, source: Source, event: dict[str, Any]) -> None:
        began = time.monotonic()
        while source.channel.deliver(event).status_code != OK:
            time.sleep(0.05)
        self.seconds.append(time.monotonic() - began)


def _event(source: Source, kept: Kept) -> dict[str, Any]:
    told = payload(source.engine, kept.said) | {"ack": kept.ack, "media": None}
    return envelope(source.engine, "message.any", source.session, told)
