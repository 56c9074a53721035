"""The local cloud around the functions of this process: bus, relay, and a door at which functions are called."""

import base64
import json
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Request, Response
from werkzeug.serving import make_server

from infra.local.bus import Bus
from infra.local.topology import Topology, builder
from shared.runtime.declarations import Declaration
from shared.runtime.relay import Outside
from shared.runtime.settings import settings
from tests.support.environment import environment
from tests.support.functions import declared

HOST = "127.0.0.1"
ACCOUNT = "pusher@ventros-local.iam.gserviceaccount.com"
Environ = dict[str, Any]


@dataclass
class Cloud:
    """What the bus calls, and what came of it: (function, status) in the order of the answers.

    `crashes(function, body)` says of a call whether the function's process dies of it; `watch` surrounds each call.
    """

    crashes: Callable[[str, bytes], bool] = lambda *_: False
    watch: Callable[[str, bytes], AbstractContextManager[None]] = lambda *_: nullcontext()
    answered: list[tuple[str, int]] = field(default_factory=list)
    under_way: int = 0

    def __post_init__(self) -> None:
        self._functions: dict[str, Any] = {spec.name: spec for spec in declared(Declaration) if hasattr(spec, "serve")}
        self._lock = threading.Lock()

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        request = Request(environ)
        name = request.path.rpartition("/")[2]
        with self._lock:
            self.under_way += 1
        try:
            response = Response(status=500)
            if not self.crashes(name, request.get_data()):
                with self.watch(name, request.get_data()):
                    response = self._functions[name].serve(request)
            self.answered.append((name, response.status_code))
        finally:
            with self._lock:
                self.under_way -= 1
        return response(environ, start_response)


@contextmanager
def cloud(*, scale: float = 1.0) -> Iterator[Cloud]:
    """Let everything that leaves the outbox be delivered; `scale` multiplies ack deadlines and backoff."""
    door = Cloud()
    server = make_server(HOST, 0, door, threaded=True)
    server.daemon_threads = False  # type: ignore[attr-defined] # so that closing it waits for what it began
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="door")
    serving.start()
    try:
        with (
            tempfile.TemporaryDirectory(prefix="ventros-bus-") as folder,
            Bus(Path(folder), service_account=ACCOUNT, scale=scale) as bus,
            environment(_addresses(server.server_port, bus)),
        ):
            _build(bus)
            with relaying():
                yield door
    finally:
        server.shutdown()
        serving.join()
        server.server_close()


def _addresses(port: int, bus: Bus) -> dict[str, str]:
    return {
        "FUNCTIONS_BASE_URL": f"http://{HOST}:{port}/_functions",
        "PUBSUB_EMULATOR_HOST": f"{HOST}:{bus.pubsub_port}",
        "CLOUD_TASKS_EMULATOR_HOST": f"{HOST}:{bus.tasks_port}",
    }


def _build(bus: Bus) -> None:
    known = settings()
    with builder(known, f"{HOST}:{bus.pubsub_port}", f"{HOST}:{bus.tasks_port}") as made:
        made.build(Topology.of(declared(Declaration)))


@contextmanager
def relaying() -> Iterator[None]:
    """A relay in a thread of this process, for as long as the block lasts."""
    stop = threading.Event()
    failed: list[Exception] = []

    def run() -> None:
        try:
            with Outside() as outside:
                outside.relay().run(stop)
        except Exception as error:  # noqa: BLE001 - told below, in the thread that can tell
            failed.append(error)

    thread = threading.Thread(target=run, name="relay")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
    for error in failed:
        raise error


def wait_until(condition: Callable[[], bool], seconds: float, *, step: float = 0.05) -> bool:
    """Ask until it holds, and tell whether it came to hold in time."""
    deadline = time.monotonic() + seconds
    while not (held := condition()) and time.monotonic() < deadline:
        time.sleep(step)
    return held


def event_of(body: bytes) -> dict[str, Any]:
    """The envelope of an event, or the body of a task, as a function was sent it."""
    told: dict[str, Any] = json.loads(body)
    inside: dict[str, Any] = json.loads(base64.b64decode(told["message"]["data"])) if "message" in told else told
    return inside
