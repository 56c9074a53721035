"""A file goes through in parts: what is held of it at once does not grow with it."""

import sys
import threading
import tracemalloc
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from infra.fakes.waha_files import sample
from infra.local.ports import listens
from infra.local.postgres import free_port, wait_until
from infra.local.process import Child, clean_environment
from shared.cloud.storage import UPLOAD_PART, CloudStorage
from shared.crm.media.inspecting import MIB, Inspection
from shared.kernel.inbound import MessageType
from shared.providers.waha.files import read_file

LARGE = 96 * MIB
FILM = sample("video", "long")


class Film(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(LARGE))
        self.end_headers()
        for _ in range(LARGE // len(FILM)):
            self.wfile.write(FILM)

    def log_message(self, *_):
        pass


@pytest.fixture
def film() -> Iterator[str]:
    made = ThreadingHTTPServer(("127.0.0.1", 0), Film)
    threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield f"127.0.0.1:{made.server_port}"
    made.shutdown()
    made.server_close()


@pytest.fixture
def store(tmp_path) -> Iterator[CloudStorage]:
    """A bucket in a process of its own, whose memory is not ours."""
    port = free_port()
    command = (sys.executable, "-m", "infra.local.storage")
    options = ("--port", str(port), "--data", str(tmp_path / "bucket"), "--bucket", "films")
    env = clean_environment(STORAGE_KEY_ID="key", STORAGE_KEY_SECRET="secret", PYTHONPATH=str(Path.cwd()))
    with Child((*command, *options), env, tmp_path / "log"):
        assert wait_until(lambda: listens(port), 20)
        yield CloudStorage("project", "films", base_url=f"http://127.0.0.1:{port}")


def test_what_is_held_of_a_large_file_are_a_few_parts(film, store):
    tracemalloc.start()
    try:
        with read_file(
            f"http://{film}/x",
            base_url=f"http://{film}",
            api_key="key",
            most_bytes=2 * LARGE,
            allow=frozenset({film}),
        ) as chunks:
            seen = Inspection(chunks, kind=MessageType.VIDEO, told="video/mp4", most_bytes=2 * LARGE)
            store.put("film", seen, mimetype=seen.mimetype)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert seen.content(LARGE).size_bytes == LARGE
    assert store.head("film").size_bytes == LARGE
    assert peak < 5 * UPLOAD_PART < LARGE / 2
