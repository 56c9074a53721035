"""A breaker: after some failures in a row nobody is asked for a while, and then one call finds out."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

R = TypeVar("R")


class Open(Exception):
    """The breaker let nothing through."""


class Breaker:
    """Opens after `failures` in a row for `rest` seconds; then exactly one call at a time probes. Safe for threads."""

    def __init__(self, failures: int, rest: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._rest, self._clock = failures, rest, clock
        self._lock = threading.Lock()
        self._failed = 0
        self._rests_until = 0.0
        self._probing = False

    def call(self, work: Callable[[], R]) -> R:
        """Do the work if it may be done; its own error comes out as it is. Open: it was not tried."""
        probes = self._enter()
        try:
            result = work()
        except BaseException:
            self._leave(probes, failed=True)
            raise
        self._leave(probes, failed=False)
        return result

    def _enter(self) -> bool:
        """Go through, and say whether this is the probe."""
        with self._lock:
            if self._failed < self._most:
                return False
            if self._probing or self._clock() < self._rests_until:
                raise Open
            self._probing = True
            return True

    def _leave(self, probes: bool, *, failed: bool) -> None:  # noqa: FBT001 - what `_enter` said
        with self._lock:
            self._probing = self._probing and not probes
            if not failed:
                self._failed = 0
                return
            self._failed += 1
            if self._failed >= self._most:
                self._rests_until = self._clock() + self._rest
