"""How the local cloud calls functions: HTTP/1.1 over kept connections, bounded in number and in time."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import urlsplit

import h11

_PROCESSING = 102  # Pub/Sub takes it as an answer, though a final one is to follow
_CHUNK = 64 * 1024


class Failed(Exception):
    """No status came back: too late, or the connection broke."""


class Unreachable(Failed):
    """Nobody listens there, so nobody has received the request."""


@dataclass(frozen=True, kw_only=True)
class Request:
    url: str
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True)
class _Origin:
    host: str
    port: int
    tls: bool


class HttpClient:
    """Sends requests, so many at once; `rest` is how many seconds one waits at a closed door before saying so."""

    def __init__(self, *, at_once: int = 64, rest: float = 0.2) -> None:
        self._slots = asyncio.Semaphore(at_once)
        self._rest = rest
        self._kept: defaultdict[_Origin, list[_Connection]] = defaultdict(list)
        self._closed = False

    async def send(self, request: Request, *, seconds: float) -> int:
        """Send a request and return the status of the answer; Failed if none came within so many seconds."""
        async with self._slots:
            try:
                async with asyncio.timeout(seconds):
                    return await self._send(request)
            except Unreachable:
                await asyncio.sleep(self._rest)
                raise
            except TimeoutError:
                raise Failed(f"no answer within {seconds:g} s") from None
            except (OSError, h11.ProtocolError) as error:
                raise Failed(f"the connection broke: {error}") from error

    def close(self) -> None:
        """Hang up, and keep no connection of the exchanges still under way."""
        self._closed = True
        for connections in self._kept.values():
            for connection in connections:
                connection.close()

    async def _send(self, request: Request) -> int:
        origin, head = _address(request.url)
        while connection := self._kept_connection(origin):
            try:
                return await self._exchange(origin, connection, request, head)
            except (OSError, h11.ProtocolError):
                continue  # it was closed while idle; sending again is within "at least once"
        return await self._exchange(origin, await _connect(origin), request, head)

    def _kept_connection(self, origin: _Origin) -> "_Connection | None":
        return self._kept[origin].pop() if self._kept[origin] else None

    async def _exchange(
        self, origin: _Origin, connection: "_Connection", request: Request, head: tuple[str, str]
    ) -> int:
        try:
            status = await connection.exchange(request, head)
        except BaseException:
            connection.close()
            raise
        if connection.reusable() and not self._closed:
            self._kept[origin].append(connection)
        else:
            connection.close()
        return status


class _Connection:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._http = h11.Connection(h11.CLIENT)

    async def exchange(self, request: Request, head: tuple[str, str]) -> int:
        self._write(request, head)
        await self._writer.drain()
        status = 0
        while not isinstance(event := await self._event(), h11.EndOfMessage | h11.ConnectionClosed):
            if isinstance(event, h11.Response | h11.InformationalResponse):
                status = event.status_code
            if status == _PROCESSING:
                break
        return status

    def reusable(self) -> bool:
        """Whether the exchange ended cleanly; then the connection is ready for the next."""
        if self._http.our_state is not h11.DONE or self._http.their_state is not h11.DONE:
            return False
        self._http.start_next_cycle()
        return True

    def close(self) -> None:
        self._writer.close()

    def _write(self, request: Request, head: tuple[str, str]) -> None:
        host, target = head
        framing = {"host": host, "content-length": str(len(request.body))}
        headers = {name.lower(): value for name, value in request.headers.items()} | framing
        for event in (
            h11.Request(method=request.method, target=target, headers=list(headers.items())),
            h11.Data(data=request.body),
            h11.EndOfMessage(),
        ):
            self._writer.write(self._http.send(event) or b"")

    async def _event(self) -> object:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            self._http.receive_data(await self._reader.read(_CHUNK))
        return event


async def _connect(origin: _Origin) -> _Connection:
    try:
        return _Connection(*await asyncio.open_connection(origin.host, origin.port, ssl=origin.tls or None))
    except TimeoutError:
        raise
    except OSError as error:
        raise Unreachable(f"nobody listens at {origin.host}:{origin.port}") from error


@lru_cache(maxsize=1024)
def _address(url: str) -> tuple[_Origin, tuple[str, str]]:
    """Read from a URL where to connect, and the Host header and target to send there."""
    parts = urlsplit(url)
    tls = parts.scheme == "https"
    origin = _Origin(parts.hostname or "", parts.port or (443 if tls else 80), tls)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return origin, (parts.netloc.rpartition("@")[2], target)
