"""A small, fast HTTP client: many kept-open connections, each sending its next request when it is answered."""

import asyncio
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field

from infra.local.ports import listens
from infra.local.postgres import HOST, wait_until

PATIENCE = 10.0
REST = 0.002  # seconds between two knocks


class Unanswered(Exception):
    """The server did not answer as it must; a figure of it would mean nothing."""


@dataclass
class Tally:
    """What came of a run; `latencies` in seconds."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    refused: list[bytes] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        if self.refused:
            raise Unanswered(f"{len(self.refused)} requests failed, such as {self.refused[0][:300]!r}")
        return len(self.latencies) / self.seconds


def request(method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> bytes:
    """The bytes of an HTTP request over a connection that stays open."""
    given = {"Host": HOST, **headers}
    if body:
        given |= {"Content-Type": "application/json", "Content-Length": str(len(body))}
    lines = (f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in given.items()), "", "")
    return "\r\n".join(lines).encode() + body


class _Caller(asyncio.Protocol):
    """One connection: sends, waits for the whole answer, sends the next."""

    def __init__(self, requests: Iterator[bytes], tally: Tally, until: float) -> None:
        self._requests, self._tally, self._until = requests, tally, until
        self._heard = b""
        self._sent_at = 0.0
        self._wire: asyncio.WriteTransport | None = None
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._wire = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        self._heard += data
        if not is_whole(self._heard):
            return
        now = time.perf_counter()
        self._tally.latencies.append(now - self._sent_at)
        if not is_success(self._heard):
            self._tally.refused.append(self._heard)
        self._heard = b""
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.ended.done():
            self._tally.refused.append(b"the connection was closed")
            self.ended.set_result(None)

    def _send(self) -> None:
        following = next(self._requests, None) if time.perf_counter() < self._until else None
        assert self._wire is not None
        if following is None:
            self.ended.set_result(None)
            self._wire.close()
            return
        self._sent_at = time.perf_counter()
        self._wire.write(following)


def is_whole(heard: bytes) -> bool:
    head, found, body = heard.partition(b"\r\n\r\n")
    length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
    return bool(found) and len(body) >= int(length or 0)


def is_success(answer: bytes) -> bool:
    return answer[9:10] == b"2"


def load(port: int, requests: Iterator[bytes], *, connections: int, seconds: float) -> Tally:
    """Keep so many connections busy with the requests, for so long or until there are no more."""
    wait_until(lambda: listens(port), PATIENCE)
    return asyncio.run(_load(port, requests, connections, seconds))


async def _load(port: int, requests: Iterator[bytes], connections: int, seconds: float) -> Tally:
    tally = Tally()
    began = time.perf_counter()
    loop = asyncio.get_running_loop()
    callers = []
    for _ in range(connections):
        make: Callable[[], _Caller] = lambda: _Caller(requests, tally, began + seconds)  # noqa: E731 - it is passed on
        callers.append((await loop.create_connection(make, HOST, port))[1])
    await asyncio.gather(*(caller.ended for caller in callers))
    tally.seconds = time.perf_counter() - began
    return tally


def ask(port: int, message: bytes, patience: float = PATIENCE) -> bytes:
    """One request and its whole answer, as soon as somebody listens; Unanswered when nobody does for long."""
    until = time.monotonic() + patience
    while time.monotonic() < until:
        try:
            with closing(socket.create_connection((HOST, port), patience)) as wire:
                wire.sendall(message)
                return _answer(wire)
        except (ConnectionRefusedError, ConnectionResetError):
            time.sleep(REST)
    raise Unanswered(f"nobody answers on port {port}")


def _answer(wire: socket.socket) -> bytes:
    heard = b""
    while not is_whole(heard):
        more = wire.recv(65536)
        if not more:
            raise ConnectionResetError("closed before the answer was whole")
        heard += more
    return heard
