"""Keeps processes running: what dies is started again, at once the first time and ever more slowly after that."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Protocol

LOOK_EVERY = 0.05  # seconds
FIRST_REST, LONGEST_REST = 0.1, 5.0
STEADY_AFTER = 10.0  # seconds of life that make earlier deaths forgotten


class Running(Protocol):
    """A process: an infra.local.process.Child, or what can be used as one."""

    @property
    def alive(self) -> bool: ...
    @property
    def pid(self) -> int | None: ...
    def stop(self) -> object: ...
    def kill(self) -> object: ...


@dataclass
class Kept:
    """One process to be kept, how it is started, and how it has fared."""

    name: str
    start: Callable[[], Running]
    running: Running
    began: float = field(default_factory=time.monotonic)
    deaths: int = 0
    due: float = 0.0

    def rest(self) -> float:
        """Seconds to wait after a death just now."""
        self.deaths = 1 if time.monotonic() - self.began > STEADY_AFTER else self.deaths + 1
        return 0.0 if self.deaths == 1 else min(LONGEST_REST, FIRST_REST * 2.0 ** min(self.deaths, 10))


class Supervisor:
    """Watches from a thread of its own; `tell` hears, in a sentence, of each death and of each start that failed."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._kept: dict[str, Kept] = {}
        self._lock = threading.RLock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="supervisor", daemon=True)

    def keep(self, name: str, start: Callable[[], Running]) -> None:
        """Start a process, and from then on keep it running."""
        kept = Kept(name, start, start())
        with self._lock:
            self._kept[name] = kept
            if not self._thread.ident:
                self._thread.start()

    def alive(self, name: str) -> bool:
        return self._kept[name].running.alive

    @property
    def pids(self) -> dict[str, int]:
        """The process ids of what runs just now."""
        with self._lock:
            pids = {name: kept.running.pid for name, kept in self._kept.items() if kept.running.alive}
        return {name: pid for name, pid in pids.items() if pid is not None}

    def kill(self, name: str) -> None:
        """Kill a process as a crash would; it is then started again."""
        self._kept[name].running.kill()

    def stop(self, *order: str) -> None:
        """Stop watching; stop those named in their order, after all the others together."""
        self._stop.set()
        if self._thread.ident:
            self._thread.join()
        others = [kept for name, kept in self._kept.items() if name not in order]
        with ThreadPoolExecutor(max(1, len(others))) as threads:
            list(threads.map(lambda kept: kept.running.stop(), others))
        for name in order:
            if name in self._kept:
                self._kept[name].running.stop()

    def _watch(self) -> None:
        while not self._stop.wait(LOOK_EVERY):
            with self._lock:
                for kept in self._kept.values():
                    self._look(kept)

    def _look(self, kept: Kept) -> None:
        now = time.monotonic()
        if not kept.running.alive and not kept.due:
            kept.due = now + kept.rest()
            self._tell(f"{kept.name} has ended and is started again.")
        if kept.due and now >= kept.due:
            self._start_again(kept)

    def _start_again(self, kept: Kept) -> None:
        kept.running.kill()  # what a dead leader left of its group
        try:
            kept.running, kept.due = kept.start(), 0.0
        except (RuntimeError, OSError) as error:
            kept.due = time.monotonic() + kept.rest()
            self._tell(f"{kept.name} could not be started: {error}")
        kept.began = time.monotonic()
