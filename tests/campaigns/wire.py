"""A wire between a program and Postgres that can be cut at any statement: before it is executed, or just after."""

import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

HOST = "127.0.0.1"
EXECUTE, QUERY, SYNC = b"E", b"Q", b"S"
BOUNDARIES = (EXECUTE, QUERY, SYNC)
FLUSH = b"H\x00\x00\x00\x04"  # without it Postgres keeps what it did to itself until the next Sync
COMPLETED, FAILED, EMPTY, SUSPENDED, READY = b"C", b"E", b"I", b"s", b"Z"


@dataclass(frozen=True)
class Cut:
    """Where to cut: at the so many-th statement or end of a batch; `happens` ends the program."""

    at: int
    after: bool
    happens: Callable[[], None]


@dataclass
class Wire:
    """Carries connections to Postgres at `port`; what a program sends over it is counted from the last `watch` on."""

    port: int
    count: int = 0
    cut: Cut | None = None
    was_cut: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._lines: list[_Line] = []
        self._entrance = socket.create_server((HOST, 0))
        self.entrance: int = self._entrance.getsockname()[1]
        self._doorman = threading.Thread(target=self._accept, name="wire")
        self._doorman.start()

    def watch(self, cut: Cut | None = None) -> None:
        """Count anew, and cut where told."""
        with self._lock:
            self.count, self.cut = 0, cut
            self.was_cut.clear()

    def passes(self) -> Cut | None:
        """Count one boundary; the cut that is due here, if any."""
        with self._lock:
            self.count += 1
            return self.cut if self.cut and self.cut.at == self.count else None

    def close(self) -> None:
        with suppress(OSError):
            self._entrance.shutdown(socket.SHUT_RDWR)
        self._entrance.close()
        self._doorman.join()
        for line in self._lines:
            line.end()

    def _accept(self) -> None:
        while True:
            try:
                program, _ = self._entrance.accept()
            except OSError:
                return
            for line in [line for line in self._lines if not line.is_alive]:
                line.end()
                self._lines.remove(line)
            self._lines.append(_Line(self, program, socket.create_connection((HOST, self.port))))


class _Line:
    """One connection, both ways."""

    def __init__(self, wire: Wire, program: socket.socket, postgres: socket.socket) -> None:
        self._wire, self._program, self._postgres = wire, program, postgres
        for end in (program, postgres):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._cut: Cut | None = None
        self._waits_for = (b"", 0)
        self._sent = {EXECUTE: 0, SYNC: 1}  # Postgres says once that it is ready before it is asked anything
        self._done = {EXECUTE: 0, SYNC: 0}
        self._threads = [threading.Thread(target=self._carry, args=(way,)) for way in (self._up, self._down)]
        for thread in self._threads:
            thread.start()

    @property
    def is_alive(self) -> bool:
        return any(thread.is_alive() for thread in self._threads)

    def end(self) -> None:
        self._hang_up()
        for thread in self._threads:
            thread.join()
        for end in (self._program, self._postgres):
            end.close()

    def _hang_up(self) -> None:
        for end in (self._program, self._postgres):
            # Closing alone tells nobody while a thread still listens.
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _carry(self, way: Callable[[], None]) -> None:
        try:
            way()
        except (EOFError, OSError):
            self._hang_up()

    def _up(self) -> None:
        (length,) = struct.unpack("!i", _read(self._program, 4))
        self._postgres.sendall(struct.pack("!i", length) + _read(self._program, length - 4))
        while True:
            kind, message = _message(self._program)
            due = self._wire.passes() if kind in BOUNDARIES else None
            if due and not due.after:
                self._cut_off(due)
                return
            if kind in BOUNDARIES:
                self._expect(kind, due)
            self._postgres.sendall(message + (FLUSH if due and kind == EXECUTE else b""))
            if due:
                return

    def _expect(self, kind: bytes, due: Cut | None) -> None:
        answer = EXECUTE if kind == EXECUTE else SYNC
        self._sent[answer] += 1
        if due:
            self._cut, self._waits_for = due, (answer, self._sent[answer])

    def _down(self) -> None:
        while True:
            kind, message = _message(self._postgres)
            answered = {COMPLETED: EXECUTE, EMPTY: EXECUTE, SUSPENDED: EXECUTE, READY: SYNC}.get(kind)
            if answered:
                self._done[answered] += 1
            answer, number = self._waits_for
            if self._cut and (self._done[answer] >= number or kind == FAILED):
                self._cut_off(self._cut)
                return
            if not self._cut:
                self._program.sendall(message)

    def _cut_off(self, cut: Cut) -> None:
        cut.happens()
        self._hang_up()
        self._wire.was_cut.set()


def _message(source: socket.socket) -> tuple[bytes, bytes]:
    head = _read(source, 5)
    return head[:1], head + _read(source, struct.unpack("!i", head[1:])[0] - 4)


def _read(source: socket.socket, size: int) -> bytes:
    found = bytearray()
    while len(found) < size:
        part = source.recv(size - len(found))
        if not part:
            raise EOFError
        found += part
    return bytes(found)
