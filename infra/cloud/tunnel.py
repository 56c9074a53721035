"""A port of this machine that leads to a Cloud SQL instance, by what Google's connector knows of it.

The connector itself only opens connections of a driver; its certificates and addresses serve any program.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

from google.auth.credentials import Credentials
from google.cloud.sql.connector.client import CloudSQLClient
from google.cloud.sql.connector.connection_name import ConnectionName
from google.cloud.sql.connector.enums import IPTypes
from google.cloud.sql.connector.lazy import LazyRefreshCache
from google.cloud.sql.connector.utils import generate_keys

HOST = "127.0.0.1"
PORT = 3307  # where an instance takes connections that show a certificate of its own making
PIECE = 65_536


class Tunnel:
    """To one instance, `project:region:name`; every connection has its own certificate checked, on both sides."""

    def __init__(
        self,
        instance: str,
        credentials: Credentials,
        *,
        public: bool = False,
        endpoint: str | None = None,
        port: int = PORT,
    ) -> None:
        self._name = ConnectionName(*instance.split(":"))
        self._credentials, self._endpoint = credentials, endpoint
        self._kind = IPTypes.PUBLIC if public else IPTypes.PRIVATE
        self._port = port
        self._carrying: set[asyncio.Task[None]] = set()

    async def serve(self, ready: "asyncio.Future[int]", stop: asyncio.Event) -> None:
        """Take connections until it is to stop; `ready` is told the port. Raises what the instance's interface says."""
        client = CloudSQLClient(self._endpoint, None, self._credentials, driver="pg8000")
        cache = LazyRefreshCache(self._name, client, asyncio.create_task(generate_keys()))
        try:
            # What cannot be reached is said now, and not to the first who comes.
            await cache.connect_info()
            server = await asyncio.start_server(lambda *ours: self._take(cache, *ours), HOST, 0)
            async with server:
                ready.set_result(int(server.sockets[0].getsockname()[1]))
                await stop.wait()
        finally:
            for each in self._carrying:
                each.cancel()
            await asyncio.gather(*self._carrying, return_exceptions=True)
            await cache.close()
            await client.close()

    def _take(self, cache: LazyRefreshCache, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        carrying = asyncio.get_running_loop().create_task(self._carry(cache, reader, writer))
        self._carrying.add(carrying)
        carrying.add_done_callback(self._carrying.discard)

    async def _carry(self, cache: LazyRefreshCache, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with _closing(writer):
            known = await cache.connect_info()
            address = known.get_preferred_ip(self._kind)
            tls = await known.create_ssl_context()
            theirs, ours = await asyncio.open_connection(address, self._port, ssl=tls, server_hostname=address)
            async with _closing(ours):
                await _either(_pump(reader, ours), _pump(theirs, writer))


@asynccontextmanager
async def _closing(writer: asyncio.StreamWriter) -> AsyncIterator[None]:
    """Close it at the end; a connection that is lost is no error of ours."""
    try:
        with suppress(OSError):
            yield
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def _either(*ways: Coroutine[None, None, None]) -> None:
    """Until one of them has ended: who has no more to say ends it for both."""
    tasks = [asyncio.ensure_future(way) for way in ways]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    while piece := await source.read(PIECE):
        target.write(piece)
        await target.drain()


@contextmanager
def opened(tunnel: Tunnel) -> Iterator[int]:
    """Have it open for the length of the block, and give its port."""
    loop = asyncio.new_event_loop()
    ready: asyncio.Future[int] = loop.create_future()
    stop = asyncio.Event()
    thread = threading.Thread(target=_run, args=(loop, tunnel, ready, stop), daemon=True)
    thread.start()
    try:
        yield asyncio.run_coroutine_threadsafe(_told(ready), loop).result()
    finally:
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(stop.set)
        thread.join()


async def _told(ready: "asyncio.Future[int]") -> int:
    return await ready


def _run(loop: asyncio.AbstractEventLoop, tunnel: Tunnel, ready: "asyncio.Future[int]", stop: asyncio.Event) -> None:
    try:
        loop.run_until_complete(tunnel.serve(ready, stop))
    except Exception as error:  # noqa: BLE001 - it is raised where the port is waited for
        ready.set_exception(error)
    finally:
        # What was closed is gone only some turns of the loop later; and whoever waits for the port hears of it.
        loop.run_until_complete(asyncio.sleep(0.1))
        loop.close()
