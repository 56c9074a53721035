"""A fake of Vertex' generateContent: checks requests, answers in the real wire format, and fails as asked."""

import json
import re
import threading
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from types import TracebackType
from typing import Any, Self

PATH = re.compile(r"/v1(beta1)?/projects/([^/]+)/locations/([^/]+)/publishers/google/models/([^/:]+):generateContent")
FAULTS = {"error_429", "error_500", "malformed", "not_json", "slow", "blocked", "cut_short", "drop"}
_STATUSES = {"error_429": (429, "RESOURCE_EXHAUSTED"), "error_500": (500, "INTERNAL")}


@dataclass(kw_only=True)
class Asked:
    """One request that was understood."""

    project: str
    location: str
    model: str
    authorization: str | None
    body: dict[str, Any]


@dataclass(kw_only=True)
class Script:
    """What the fake says; `fault` is what goes wrong instead, and `seconds` how slow it is then."""

    reply: str = "Olá! Como posso ajudar?"
    hands_over: bool = False
    fault: str | None = None
    seconds: float = 30.0
    asked: list[Asked] = field(default_factory=list)


class FakeGemini:
    """The server; change `script` at any time. Use as a context manager."""

    def __init__(self, *, port: int = 0) -> None:
        self.script = Script()
        self.stopping = threading.Event()
        self._server = _Server(("127.0.0.1", port), self)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def asked(self) -> list[Asked]:
        return self.script.asked

    def fail(self, fault: str | None, seconds: float = 30.0) -> None:
        """Let everything asked from now on fail that way; None ends it."""
        if fault and fault not in FAULTS:
            raise ValueError(f"There is no fault {fault!r}; there are {', '.join(sorted(FAULTS))}.")
        self.script.fault, self.script.seconds = fault, seconds

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, asked: Asked) -> tuple[int, Any]:
        """Answer one request; None instead of a body hangs up."""
        problems = list(_problems(asked.body))
        if problems:
            return 400, _error(400, "INVALID_ARGUMENT", "; ".join(problems))
        fault = self.script.fault
        if fault in _STATUSES:
            code, status = _STATUSES[fault]
            return code, _error(code, status, "the fake was told to fail")
        if fault == "slow":
            self.stopping.wait(self.script.seconds)
        if fault == "drop":
            return 200, None
        return 200, b'{"candidates": [{"con' if fault == "not_json" else self._candidate(asked, fault)

    def _candidate(self, asked: Asked, fault: str | None) -> dict[str, Any]:
        if fault == "blocked":
            return {"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 7}}
        said = json.dumps({"reply": self.script.reply, "hands_over": self.script.hands_over}, ensure_ascii=False)
        text = "I would rather chat." if fault == "malformed" else said
        part = {"text": text[:9] if fault == "cut_short" else text}
        candidate = {
            "content": {"role": "model", "parts": [part]},
            "finishReason": "MAX_TOKENS" if fault == "cut_short" else "STOP",
        }
        counts = {"promptTokenCount": 270, "candidatesTokenCount": 9, "thoughtsTokenCount": 4, "totalTokenCount": 283}
        return {"candidates": [candidate], "usageMetadata": counts, "modelVersion": f"{asked.model}-001"}


def _error(code: int, status: str, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "status": status, "message": message}}


def _problems(body: dict[str, Any]) -> list[str]:
    """List what Vertex would refuse."""
    contents = body.get("contents") or []
    roles = [content.get("role") for content in contents]
    known = {"contents", "systemInstruction", "generationConfig", "safetySettings", "tools", "toolConfig", "labels"}
    checks = {
        "contents is required": not contents,
        "Please use a valid role: user, model": any(role not in {"user", "model"} for role in roles),
        "the last turn must be the user's": bool(roles) and roles[-1] != "user",
        "roles must alternate": any(one == other for one, other in pairwise(roles)),
        "a part has no text": any(not part.get("text") for content in contents for part in content.get("parts", [{}])),
        f"unknown name: {', '.join(sorted(set(body) - known))}": bool(set(body) - known),
    }
    return [problem for problem, holds in checks.items() if holds]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, address: tuple[str, int], fake: FakeGemini) -> None:
        self.fake = fake
        super().__init__(address, _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that hang up."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60
    server: _Server

    def log_message(self, format: str, *arguments: Any) -> None:
        """Keep quiet."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
        found = PATH.fullmatch(self.path)
        if found is None:
            self._reply(404, _error(404, "NOT_FOUND", f"Publisher Model {self.path} was not found."))
            return
        project, location, model = found.groups()[1:]
        authorization = self.headers.get("Authorization")
        asked = Asked(project=project, location=location, model=model, authorization=authorization, body=body)
        self.server.fake.asked.append(asked)
        self._reply(*self.server.fake.answer(asked))

    def _reply(self, status: int, body: Any) -> None:
        if body is None:
            self.close_connection = True
            return
        raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        self.send_response(status, HTTPStatus(status).phrase)
        self.send_header("Content-Type", "application/json; charset=UTF-8")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)
