"""The guard in front of every URL that came from outside: a client that calls only those that may be called."""

import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any

import httpcore
import httpx

from shared.providers.public_addresses import parse
from shared.providers.urls import ForbiddenUrl, check_address, read_url

Resolve = Callable[[str, int], list[str]]

MOST_ADDRESSES = 4


class TooMuchData(httpx.ReadError):
    """The answer is longer than what the caller is ready to read."""


def lookup(host: str, port: int) -> list[str]:
    """Ask the system's resolver for every address of a name."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class GuardedBackend(httpcore.NetworkBackend):
    """Connects to addresses it has checked itself, resolved once; every wait ends at one common deadline."""

    def __init__(
        self,
        *,
        allow: frozenset[str],
        own: frozenset[str],
        total_seconds: float,
        resolve: Resolve,
        network: httpcore.NetworkBackend,
    ) -> None:
        self._allow, self._own = allow, own
        self._total, self._resolve, self._network = total_seconds, resolve, network

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        deadline = time.monotonic() + self._total
        failure: Exception = httpcore.ConnectError("the name has no address")
        for address in self._addresses(host, port, deadline)[:MOST_ADDRESSES]:
            left = _left(deadline, timeout, httpcore.ConnectTimeout)
            try:
                stream = self._network.connect_tcp(address, port, left, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
                continue
            return TimedStream(stream, deadline)
        raise failure

    def _addresses(self, host: str, port: int, deadline: float) -> list[str]:
        """List where to connect; one answer that is not public spoils them all."""
        literal = parse(host)
        found = [str(literal)] if literal else self._answers(host, port, deadline)
        if _spelled(host, port) in self._allow:
            return found
        addresses = [parse(answer) for answer in found]
        for address in addresses:
            if address is None:
                raise ForbiddenUrl("url_address", "The host has an address that is not public.")
            check_address(address, self._own)
        return list(map(str, addresses))

    def _answers(self, host: str, port: int, deadline: float) -> list[str]:
        """Resolve in a thread of its own, because the system's resolver knows no timeout."""
        answers: queue.SimpleQueue[list[str] | OSError | UnicodeError] = queue.SimpleQueue()
        threading.Thread(target=_answer, args=(answers, self._resolve, host, port), daemon=True).start()
        try:
            found = answers.get(timeout=_left(deadline, None, httpcore.ConnectTimeout))
        except queue.Empty:
            raise httpcore.ConnectTimeout("the name was not resolved in time") from None
        if isinstance(found, Exception):
            raise httpcore.ConnectError("the name cannot be resolved") from found
        return found


def _answer(
    answers: "queue.SimpleQueue[list[str] | OSError | UnicodeError]", resolve: Resolve, host: str, port: int
) -> None:
    try:
        answers.put(resolve(host, port))
    except (OSError, UnicodeError) as error:
        answers.put(error)


def _spelled(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _left(deadline: float, wanted: float | None, late: type[Exception]) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise late("the time for the whole call is over")
    return left if wanted is None else min(left, wanted)


class TimedStream(httpcore.NetworkStream):
    """A connection whose reads and writes all end at one deadline."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream, self._deadline = stream, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(self._deadline, timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(self._deadline, timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = _left(self._deadline, timeout, httpcore.ConnectTimeout)
        return TimedStream(self._stream.start_tls(ssl_context, server_hostname, left), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class CappedStream(httpx.SyncByteStream):
    """A body that is read no further than its cap."""

    def __init__(self, stream: httpx.SyncByteStream, most: int) -> None:
        self._stream, self._most = stream, most

    def __iter__(self) -> Iterator[bytes]:
        read = 0
        for part in self._stream:
            read += len(part)
            if read > self._most:
                raise TooMuchData(f"The answer is longer than {self._most} bytes.")
            yield part

    def close(self) -> None:
        self._stream.close()


class GuardedTransport(httpx.HTTPTransport):
    """Checks each URL, resolves once, connects to the checked address with Host and SNI kept, reads up to a cap."""

    def __init__(
        self,
        allow: frozenset[str] = frozenset(),
        *,
        own: frozenset[str] = frozenset(),
        total_seconds: float = 15.0,
        most_bytes: int = 64 * 1024,
        resolve: Resolve = lookup,
        network: httpcore.NetworkBackend | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        context = tls or _tls()
        super().__init__(verify=context, trust_env=False)
        self._allow, self._own, self._most = allow, own, most_bytes
        backend = GuardedBackend(
            allow=allow,
            own=own,
            total_seconds=total_seconds,
            resolve=resolve,
            network=network or httpcore.SyncBackend(),
        )
        # A connection is never kept: each call resolves, checks and counts its time for itself.
        self._pool = httpcore.ConnectionPool(
            ssl_context=context, max_connections=None, max_keepalive_connections=0, network_backend=backend
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        target = read_url(str(request.url), self._allow, self._own)
        request.url = request.url.copy_with(host=target.host)
        request.headers["Host"] = request.url.netloc.decode("ascii")
        request.headers["Accept-Encoding"] = "identity"
        response = super().handle_request(request)
        if response.headers.get("Content-Encoding", "identity") != "identity":
            response.close()
            raise httpx.DecodingError("The answer is compressed though that was not asked for.", request=request)
        stream = response.stream
        assert isinstance(stream, httpx.SyncByteStream)  # noqa: S101 - what a synchronous transport returns
        response.stream = CappedStream(stream, self._most)
        return response


@cache
def _tls() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)


def client(
    allow: frozenset[str] = frozenset(),
    *,
    own: frozenset[str] = frozenset(),
    total_seconds: float = 15.0,
    most_bytes: int = 64 * 1024,
    transport: httpx.BaseTransport | None = None,
) -> httpx.Client:
    """Make a client that calls only what the guard permits; a redirect is an answer, never followed.

    Its calls raise ForbiddenUrl beside httpx's own errors.
    """
    guarded = transport or GuardedTransport(allow, own=own, total_seconds=total_seconds, most_bytes=most_bytes)
    return httpx.Client(transport=guarded, trust_env=False, follow_redirects=False, timeout=total_seconds)
