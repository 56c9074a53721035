"""Work that waits together is done together: one of several threads does what all of them wait for."""

from collections import deque
from collections.abc import Callable
from threading import Event, Lock
from typing import Generic, TypeVar

T = TypeVar("T")


class Gathering(Generic[T]):
    """Hands what threads bring to `work`, several at a time as soon as several wait.

    Up to `leaders` threads work, on at most `most` items each; the others wait until theirs is done, or until it is
    their turn to lead. `work` tells of each item whether it was done; when it fails, none was. Nobody waits for
    company: an item that comes while few work is begun at once.
    """

    def __init__(self, work: Callable[[list[T]], list[bool]], *, leaders: int, most: int) -> None:
        self._work, self._most = work, most
        self._lock = Lock()
        self._free = leaders
        self._queue: deque[_Place[T]] = deque()

    def do(self, item: T) -> bool:
        """Have the item worked on; False: it could not be done in company."""
        mine = _Place(item)
        with self._lock:
            leads = self._free > 0
            if leads:
                self._free -= 1
            else:
                self._queue.append(mine)
        if not leads:
            mine.turn.wait()
        return self._lead(mine) if mine.done is None else mine.done

    def _lead(self, mine: "_Place[T]") -> bool:
        with self._lock:
            places = [mine, *(self._queue.popleft() for _ in range(min(len(self._queue), self._most - 1)))]
        done = [False] * len(places)
        try:
            done = self._work([place.item for place in places])
        finally:
            self._hand_over()
            for place, is_done in zip(places, done, strict=True):
                place.end(done=is_done)
        return done[0]

    def _hand_over(self) -> None:
        """Let the next one in the queue lead."""
        with self._lock:
            following = self._queue.popleft() if self._queue else None
            self._free += following is None
        if following:
            following.turn.set()


class _Place(Generic[T]):
    """Where an item stands in the queue. `turn` comes when it is done, or when its thread is to lead."""

    def __init__(self, item: T) -> None:
        self.item = item
        self.turn = Event()
        self.done: bool | None = None

    def end(self, *, done: bool) -> None:
        self.done = done
        self.turn.set()
