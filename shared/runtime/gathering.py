"""Work that waits together is done together: one of several threads does what all of them wait for."""

from collections import deque
from collections.abc import Callable
from threading import Event, Lock
from typing import Generic, TypeVar

T = TypeVar("T")


class Gathering(Generic[T]):
    """Hands what threads bring to `work`, several at a time as soon as several wait.

    Up to `leaders` threads work, on at most `most` items each; the others wait until theirs is done, or until it is
    their turn to lead. `work` tells of each item whether it was done; what it raises is raised to all. Nobody waits for
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
        if not mine.is_over:
            self._lead(mine)
        return mine.outcome()

    def _lead(self, mine: "_Place[T]") -> None:
        with self._lock:
            places = [mine, *(self._queue.popleft() for _ in range(min(len(self._queue), self._most - 1)))]
        done, failure = [False] * len(places), None
        try:
            done = self._work([place.item for place in places])
        except BaseException as error:  # noqa: BLE001 - it is raised to each of them
            failure = error
        self._hand_over()
        for place, is_done in zip(places, done, strict=True):
            place.end(is_done, failure)

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
        self.is_over = False
        self._is_done = False
        self._failure: BaseException | None = None

    def end(self, is_done: bool, failure: BaseException | None) -> None:  # noqa: FBT001 - what became of it
        self._is_done, self._failure, self.is_over = is_done, failure, True
        self.turn.set()

    def outcome(self) -> bool:
        """Whether the item was done. Raises what the work raised."""
        if self._failure:
            raise self._failure
        return self._is_done
