"""The limits' store of a measurement: Upstash's REST form of the one script, counted without Redis and without Lua.

The store that is bought stands in another cloud and costs our processors nothing, so this one is to cost them little.
`python -m tests.benchmarks.counter --port 0`; a GET tells how many calls it has counted.
"""

import argparse
import asyncio
import json
import time
from collections import defaultdict, deque

from infra.local.postgres import HOST
from tests.benchmarks.client import is_whole

_logs: defaultdict[str, deque[float]] = defaultdict(deque)
_calls = 0


def answer(body: bytes) -> bytes:
    """What the script says of `["EVAL", script, how many keys, *keys, window, member, *limits]`."""
    global _calls  # noqa: PLW0603 - one event loop, one thread
    if not body:
        return json.dumps({"calls": _calls}).encode()
    _calls += 1
    _, _, many, *rest = json.loads(body)
    keys, (window, _, *limits) = rest[: int(many)], rest[int(many) :]
    now = time.time()
    logs = [within(_logs[key], now - int(window)) for key in keys]
    free = all(len(log) < int(limit) for log, limit in zip(logs, limits, strict=True))
    told = []
    for log in logs:
        if free:
            log.append(now)
        told += [len(log), int((log[0] + int(window) - now) * 1e6) if log else 0]
    return json.dumps({"result": [int(free), int(now), told]}).encode()


def within(log: deque[float], since: float) -> deque[float]:
    while log and log[0] <= since:
        log.popleft()
    return log


class Wire(asyncio.Protocol):
    """One connection that stays open."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._wire, self._heard = transport, b""

    def data_received(self, data: bytes) -> None:
        self._heard += data
        if not is_whole(self._heard):
            return
        said = answer(self._heard.partition(b"\r\n\r\n")[2])
        self._heard = b""
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(said)}\r\n\r\n"
        self._wire.write(head.encode() + said)


async def serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Wire, HOST, port)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    asyncio.run(serve(parser.parse_args().port))
