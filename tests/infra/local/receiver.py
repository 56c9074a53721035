"""A web server that stands where the functions would be, keeps what it was sent and answers as a test says."""

import json
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Sent:
    path: str
    method: str
    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def attributes(self):
        return self.json["message"].get("attributes", {})


def until(condition: Callable[[], object], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "what was waited for did not happen"
        time.sleep(0.005)


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 128


class Receiver:
    def __init__(self) -> None:
        self.sent: list[Sent] = []
        self.answer: Callable[[Sent], int] = lambda _: 204
        self.port = 0
        self.connections: set[socket.socket] = set()
        self.open()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def open(self) -> None:
        self._server = _Server(("127.0.0.1", self.port), self._handler())
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self) -> None:
        """Finish the answers that are under way, hang up, and listen no more."""
        self._server.shutdown()
        for connection in list(self.connections):
            connection.shutdown(socket.SHUT_RD)
        self._server.server_close()
        self._thread.join()

    def wait(self, count: int, path: str = "", seconds: float = 20) -> list[Sent]:
        """The first `count` requests whose path starts so."""
        until(lambda: len(self.at(path)) >= count, seconds)
        return self.at(path)[:count]

    def at(self, path: str) -> list[Sent]:
        return [sent for sent in list(self.sent) if sent.path.startswith(path)]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                super().setup()
                receiver.connections.add(self.connection)

            def finish(self) -> None:
                receiver.connections.discard(self.connection)
                super().finish()

            def handle_any(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                body = self.rfile.read(length)
                if len(body) < length:  # the sender was killed
                    self.close_connection = True
                    return
                sent = Sent(self.path, self.command, dict(self.headers.items()), body, time.monotonic())
                receiver.sent.append(sent)
                self.send_response(receiver.answer(sent))
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_GET = do_POST = do_PUT = do_DELETE = handle_any  # noqa: N815 - the names the server calls

            def log_message(self, *_) -> None:
                """Say nothing."""

            def handle(self) -> None:
                try:
                    super().handle()
                except ConnectionError:
                    self.close_connection = True

        return Handler
