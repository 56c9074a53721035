"""The files of the fake WAHA: behind its key, for a short while, and with faults."""

import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from infra.fakes.waha_parts import MEDIA

FOLDER = "/api/files/"
OK = 200
LIFETIME = 180.0  # seconds, as WAHA keeps a file unless it is told otherwise
INVENTED = "https://files.waha.example/"  # the host of events that were made without a server
FAULTS = {
    *("gone", "gone_for_good", "no_url", "slow", "truncated", "wrong_length", "wrong_type", "empty", "endless"),
    *("compressed", "redirect", "error_500", "hang"),
}
PAGE = b"<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"
_STARTS = {
    "image": bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffdb"),
    "voice": b"OggS\0\2" + bytes(20) + b"\1\x13OpusHead\1\1\x38\1\x80\xbb\0\0\0\0\0",
    "video": b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41",
    "document": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n",
    "sticker": b"RIFF\xd8\x2e\0\0WEBPVP8 ",
}


@dataclass(kw_only=True)
class FileFault:
    """What goes wrong with the next `times` requests for a file; `seconds` is how long a slow one takes."""

    kind: str
    times: int = 1
    seconds: float = 30.0

    def __post_init__(self) -> None:
        if self.kind not in FAULTS:
            raise ValueError(f"There is no fault {self.kind!r}; there are {', '.join(sorted(FAULTS))}.")


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A file as the server holds it; `message_id` is the bare id of its message."""

    session: str
    message_id: str
    name: str
    mimetype: str
    content: bytes = field(repr=False)


def sample(kind: str, message_id: str) -> bytes:
    """A file of that kind, of the size its events tell, and another one for every message."""
    size = MEDIA[kind].size
    filling = hashlib.shake_128(message_id.encode()).digest(64)
    content = _STARTS[kind] + filling * (size // len(filling) + 1)
    return content[:size]


class Shelf:
    """Holds the files of all sessions. `asked` are the requests for them: path, key and status."""

    def __init__(self, url: Callable[[], str]) -> None:
        self._url = url
        self._files: dict[str, Kept] = {}
        self._until: dict[str, float] = {}
        self._lock = threading.Lock()
        self.lifetime = LIFETIME
        self.clock: Callable[[], float] = time.time
        self.fault: FileFault | None = None
        self.asked: list[dict[str, Any]] = []

    def place(self, session: str, payload: dict[str, Any]) -> None:
        """Hold the file of a message whose event was made without a server, and let the event say where it is."""
        media = payload.get("media") or {}
        url = str(media.get("url") or "")
        if not url.startswith(INVENTED):
            return
        name = url.removeprefix(INVENTED)
        bare, _, extension = name.rpartition(".")
        kind = next(kind for kind, known in MEDIA.items() if known.extension == extension)
        content = sample(kind, bare)
        self.hold(Kept(session=session, message_id=bare, name=name, mimetype=MEDIA[kind].mimetype, content=content))
        media["url"] = self.address(session, name)

    def hold(self, file: Kept) -> str:
        """Keep a file for the lifetime of files here; its URL."""
        key = f"{file.session}/{file.name}"
        with self._lock:
            self._files[key], self._until[key] = file, self.clock() + self.lifetime
        return self.address(file.session, file.name)

    def address(self, session: str, name: str) -> str:
        return f"{self._url()}{FOLDER}{session}/{name}"

    def fetch_again(self, session: str, message: dict[str, Any], bare: str) -> dict[str, Any]:
        """The message as the API gives it: with its file fetched from WhatsApp once more, or with why it was not."""
        media = message.get("media")
        file = next((each for each in self._files.values() if (each.session, each.message_id) == (session, bare)), None)
        if media is None or file is None or self._broken("gone_for_good"):
            return message
        if self._taken("no_url"):
            return message | {"media": media | {"url": None, "error": {"message": "download failed"}}}
        return message | {"media": media | {"url": self.hold(file)}}

    def serve(self, handler: BaseHTTPRequestHandler, path: str, keys: dict[str, str]) -> None:
        """Answer one request for a file; `keys` are the sessions' API keys."""
        name = path.removeprefix(FOLDER)
        file = self._files.get(name)
        key = handler.headers.get("X-Api-Key", "")
        fault = self._next()
        status = OK
        if file is None or self.clock() > self._until[name] or (fault and fault.kind in {"gone", "gone_for_good"}):
            status = 404
        elif key != keys.get(file.session):
            status = 401
        self.asked.append({"path": path, "key": key, "status": status})
        if status != OK or file is None:
            _answer(handler, status, [b'{"message":"Not Found"}'], {"Content-Type": "application/json"})
            return
        _answer(handler, *_as_it_is(file, fault))

    def _next(self) -> FileFault | None:
        fault = self.fault
        return fault if fault and fault.kind != "no_url" and self._taken(fault.kind) else None

    def _broken(self, kind: str) -> bool:
        return self.fault is not None and self.fault.kind == kind

    def _taken(self, kind: str) -> bool:
        """Use up one occurrence of a fault, if it is the one that is set."""
        with self._lock:
            if self.fault is None or self.fault.kind != kind:
                return False
            self.fault.times -= 1
            if self.fault.times <= 0 and kind != "gone_for_good":
                self.fault = None
            return True


def _as_it_is(file: Kept, fault: FileFault | None) -> tuple[int, Any, dict[str, str]]:
    """Status, parts and headers of an answer with the file, or as the fault wants it."""
    kind, content = fault.kind if fault else "", file.content
    headers = {"Content-Type": file.mimetype, "Content-Length": str(len(content))}
    half = [content[: len(content) // 2]]
    answers: dict[str, Callable[[], tuple[int, Any, dict[str, str]]]] = {
        "truncated": lambda: (200, half, headers),
        "wrong_length": lambda: (200, half, headers | {"Content-Length": str(len(half[0]))}),
        "wrong_type": lambda: (200, [PAGE], {"Content-Type": file.mimetype, "Content-Length": str(len(PAGE))}),
        "empty": lambda: (200, [], headers | {"Content-Length": "0"}),
        "endless": lambda: (200, _endless(content), {"Content-Type": file.mimetype}),
        "compressed": lambda: (200, [content], headers | {"Content-Encoding": "gzip"}),
        "redirect": lambda: (302, [], {"Location": "https://files.example.com/x", "Content-Length": "0"}),
        "error_500": lambda: (500, [b"{}"], {"Content-Type": "application/json", "Content-Length": "2"}),
        "slow": lambda: (200, _dripping(content, fault.seconds if fault else 0), headers),
        "hang": lambda: (200, _silent(fault.seconds if fault else 0), headers),
    }
    return answers.get(kind, lambda: (200, [content], headers))()


def _dripping(content: bytes, seconds: float) -> Iterator[bytes]:
    pieces = 50
    step = max(1, len(content) // pieces)
    for at in range(0, len(content), step):
        time.sleep(seconds / pieces)
        yield content[at : at + step]


def _silent(seconds: float) -> Iterator[bytes]:
    time.sleep(seconds)
    yield b""


def _endless(content: bytes) -> Iterator[bytes]:
    while True:
        yield content


def _answer(handler: BaseHTTPRequestHandler, status: int, parts: Any, headers: dict[str, str]) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.send_header("Connection", "close")
    handler.end_headers()
    handler.close_connection = True
    try:
        for part in parts:
            handler.wfile.write(part)
    except OSError:
        return  # the other side has heard enough
