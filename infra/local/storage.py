"""A stand-in for Cloud Storage: an emulator, kept to two rules that it lets pass. `python -m infra.local.storage`.

It writes over what is there though a caller said `ifGenerationMatch=0`, and serves links whatever their signature and
age; both are refused here before it hears of them. What it keeps survives a `kill -9`.
"""

import argparse
import json
import logging
import os
import re
import signal
import threading
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import HTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from gcp_storage_emulator.handlers import buckets
from gcp_storage_emulator.server import RequestHandler
from gcp_storage_emulator.storage import Storage

from shared.cloud.signing import GOOGLE, Signer

KEY_ID, SECRET = "STORAGE_KEY_ID", "STORAGE_KEY_SECRET"
FORBIDDEN, FAILED = 403, 412
_REWRITE = re.compile(r"(?:/storage/v1)?/b/[^/]+/o/.+/(?:rewriteTo|copyTo)/b/([^/]+)/o/(.+)")
_UPLOAD = re.compile(r"(?:/upload)?(?:/storage/v1)?/b/([^/]+)/o")
_LINKED = re.compile(r"/(?!b/|storage/|upload/|download/|batch)[^/]+/.+")


class LocalStorage:
    """Serves one bucket until it is closed; a context manager. Links signed with this key are good here."""

    def __init__(self, data: Path, bucket: str, key_id: str, secret: str, *, port: int = 0) -> None:
        self._storage = Storage(data_dir=str(data))
        self._storage._store.write_bytes = partial(write_whole, self._storage._store)  # noqa: SLF001 - it offers no other way
        buckets.create_bucket(bucket, self._storage)
        # What is deleted shall be gone, as the real bucket is set up.
        self._storage.buckets[bucket]["softDeletePolicy"] = {"retentionDurationSeconds": "0"}
        self._server = HTTPServer(("127.0.0.1", port), partial(Door, self._storage))
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.signer = Signer(
            dialect=GOOGLE, base_url=self.url, bucket=bucket, region="auto", key_id=key_id, secret=secret
        )
        self._server.signer = self.signer  # type: ignore[attr-defined] # where the door finds it
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def names(self) -> list[str]:
        """The objects that are there."""
        return sorted(self._storage.objects.get(self.signer.bucket, {}))


def write_whole(store: Any, name: str, content: bytes) -> None:
    """Write a file so that a crash leaves the old one or the new one, and never half of it."""
    path: Path = store._disk_path(name)  # noqa: SLF001 - as above
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.new")
    draft.write_bytes(content)
    draft.replace(path)


class Door(RequestHandler):  # type: ignore[misc] # the emulator ships no types
    """The emulator's HTTP side, behind the rules."""

    timeout = 60

    def do_GET(self) -> None:  # noqa: N802 - the library's name
        self._unless(self._bad_link("GET"), super().do_GET)

    def do_PUT(self) -> None:  # noqa: N802 - the library's name
        self._unless(self._bad_link("PUT"), super().do_PUT)

    def do_POST(self) -> None:  # noqa: N802 - the library's name
        self._unless(self._is_there(), super().do_POST)

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except (ConnectionError, TimeoutError):
            self.close_connection = True

    def _unless(self, status: int | None, go_on: Any) -> None:
        if status is None:
            go_on()
            return
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _bad_link(self, method: str) -> int | None:
        """Why a link is not good, as a status; None when it is, or when the request uses none."""
        parts = urlsplit(self.path)
        if not _LINKED.fullmatch(parts.path):
            return None
        signer: Signer = self.server.signer
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        return None if is_good(signer, method, unquote(parts.path), query, dict(self.headers)) else FORBIDDEN

    def _is_there(self) -> int | None:
        """The status for who wants to make what is there already."""
        parts = urlsplit(self.path)
        query = dict(parse_qsl(parts.query))
        if query.get("ifGenerationMatch") != "0":
            return None
        uploaded, rewritten = _UPLOAD.fullmatch(parts.path), _REWRITE.fullmatch(parts.path)
        bucket, name = (
            rewritten.groups() if rewritten else (uploaded and uploaded[1], query.get("name") or self._named())
        )
        there = self.storage.objects.get(bucket or "", {})
        return FAILED if unquote(name or "") in there else None

    def _named(self) -> str:
        """The name that stands in the body, which is left to be read again."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.rfile: BinaryIO = BytesIO(body)
        return str(json.loads(body or b"{}").get("name", ""))


def is_good(signer: Signer, method: str, path: str, query: dict[str, str], headers: dict[str, str]) -> bool:
    """Whether a link was signed with the key for just this, and has not expired."""
    given = query.pop("X-Goog-Signature", "")
    told = {name: query.pop(name, "") for name in [each for each in query if each.startswith("X-Goog-")]}
    try:
        at = datetime.strptime(told["X-Goog-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        seconds = int(told["X-Goog-Expires"])
        signed = {name: _header(headers, name) for name in told["X-Goog-SignedHeaders"].split(";") if name != "host"}
        name = path.removeprefix(f"/{signer.bucket}/")
        fresh = signer.url(method, name, seconds=seconds, at=at, query=query, headers=signed)
    except (LookupError, ValueError, StopIteration):
        return False
    right = dict(parse_qsl(urlsplit(fresh).query))["X-Goog-Signature"]
    return given == right and datetime.now(UTC) <= at + timedelta(seconds=seconds)


def _header(headers: dict[str, str], name: str) -> str:
    return next(value for key, value in headers.items() if key.lower() == name)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--bucket", required=True)
    given = parser.parse_args()
    logging.disable(logging.CRITICAL)  # the emulator tells of each answer
    stopped = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stopped.set())
    with LocalStorage(given.data, given.bucket, os.environ[KEY_ID], os.environ[SECRET], port=given.port):
        stopped.wait()


if __name__ == "__main__":
    main()
