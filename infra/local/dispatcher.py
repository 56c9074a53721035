"""Working through what is ready, so many at a time and so many a second."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

Item = TypeVar("Item")

_log = logging.getLogger(__name__)


class Pace:
    """At most `rate` turns a second on average, the first `burst` of them at once."""

    def __init__(self, rate: float, burst: int) -> None:
        self._gap = 1 / rate
        self._credit = (burst - 1) * self._gap
        self._next = 0.0

    async def turn(self) -> None:
        now = asyncio.get_running_loop().time()
        mine = max(self._next, now - self._credit)
        self._next = mine + self._gap
        if mine > now:
            await asyncio.sleep(mine - now)


class Dispatcher(Generic[Item]):
    """Takes items from a queue and works on them from `start` to `stop`; what it has begun, it finishes."""

    def __init__(
        self,
        ready: asyncio.Queue[Item],
        work: Callable[[Item], Awaitable[None]],
        *,
        at_once: int,
        pace: Pace | None = None,
    ) -> None:
        self._ready, self._work, self._pace = ready, work, pace
        self._slots = asyncio.Semaphore(at_once)
        self._working: set[asyncio.Task[None]] = set()
        self._running: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._running = asyncio.create_task(self._run())

    def stop(self) -> None:
        if self._running:
            self._running.cancel()

    def begin(self, item: Item) -> asyncio.Task[None]:
        """Work on one item at once, beside all limits, started or not."""
        task = asyncio.create_task(self._attend(item))
        self._working.add(task)
        task.add_done_callback(self._working.discard)
        return task

    async def _run(self) -> None:
        while True:
            await self._slots.acquire()
            if self._pace:
                await self._pace.turn()
            # Last, so that stopping never loses an item in hand.
            item = await self._ready.get()
            self.begin(item).add_done_callback(lambda _: self._slots.release())

    async def _attend(self, item: Item) -> None:
        try:
            await self._work(item)
        except Exception:  # noqa: BLE001 - a slip in one delivery must not stop the others
            _log.exception("a delivery failed inside the local cloud itself; it is retried after a restart")
