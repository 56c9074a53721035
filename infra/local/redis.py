"""A stand-in for Upstash: Redis commands over REST, answered from memory. `python -m infra.local.redis --port 0`."""

import argparse
import base64
import json
import os
import secrets
import signal
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import fakeredis
from redis.exceptions import RedisError

TOKEN = "UPSTASH_TOKEN"  # noqa: S105 - the variable's name


class LocalRedis:
    """Serves until it is closed; a context manager. It forgets everything when it ends, as counters may."""

    def __init__(self, token: str, *, port: int = 0, host: str = "127.0.0.1") -> None:
        store = fakeredis.FakeStrictRedis(server=fakeredis.FakeServer(version=(7,)), protocol=2)
        store.response_callbacks.clear()  # what Redis itself says, as Upstash hands it on
        self.token = token
        self._server = ThreadingHTTPServer((host, port), handler(store, token))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self.url = f"http://{host}:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def handler(store: Any, token: str) -> type[BaseHTTPRequestHandler]:
    """The HTTP side: one command in a JSON list per request, its answer in base64 when that is asked for."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            command = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"[]")
            if not secrets.compare_digest(self.headers.get("Authorization", ""), f"Bearer {token}"):
                self._answer(401, {"error": "Unauthorized"})
                return
            encoded = self.headers.get("Upstash-Encoding") == "base64"
            try:
                self._answer(200, {"result": plain(store.execute_command(*command), encoded=encoded)})
            except RedisError as error:
                self._answer(400, {"error": str(error)})

        def _answer(self, status: int, body: dict[str, Any]) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            """Say nothing of each request."""

    return Handler


def plain(value: Any, *, encoded: bool) -> Any:
    """What Redis answered, as Upstash writes it in JSON."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode() if encoded and value != b"OK" else value.decode(errors="replace")
    if isinstance(value, list | tuple):
        return [plain(each, encoded=encoded) for each in value]
    if isinstance(value, bool):
        return "OK" if value else None
    return plain(repr(value).encode(), encoded=encoded) if isinstance(value, float) else value


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    port: int = parser.parse_args().port
    stopped = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stopped.set())
    with LocalRedis(os.environ[TOKEN], port=port):
        stopped.wait()


if __name__ == "__main__":
    main()
