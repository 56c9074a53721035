"""Prism, which others have written, between a client and a server: it holds what passes against an OpenAPI document."""

import json
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from infra.environment import ROOT
from infra.local.postgres import HOST, free_port, wait_until
from infra.local.process import Child

FOLDER = Path(".ventros/prism")
PROGRAM = ROOT / FOLDER / "node_modules/.bin/prism"
INSTALL = f"npm install --prefix {FOLDER} @stoplight/prism-cli@5.14"
READY_SECONDS = 120.0
VIOLATIONS = "sl-violations"


def why_not() -> str:
    """Why it cannot be tried here; empty when it can."""
    if shutil.which("node") is None:
        return f"node is not installed, which Prism needs (then: {INSTALL})"
    return "" if PROGRAM.exists() else f"Prism is not installed ({INSTALL})"


@dataclass
class Prism:
    """`client` calls the server through it; `asked` is what was asked so far, with what is wrong with each."""

    url: str
    asked: list[tuple[str, list[str]]] = field(default_factory=list)

    def client(self) -> httpx.Client:
        return httpx.Client(event_hooks={"response": [self._heard]}, timeout=30.0)

    def wrong(self) -> list[str]:
        """What was asked and is not as the document says."""
        return [f"{what}: {problem}" for what, problems in self.asked for problem in problems]

    def _heard(self, response: httpx.Response) -> None:
        told: list[dict[str, Any]] = json.loads(response.headers.get(VIOLATIONS, "[]"))
        problems = [each["message"] for each in told if each["location"][0] == "request"]
        self.asked.append((f"{response.request.method} {response.request.url.path}", problems))


@contextmanager
def watched(document: dict[str, Any], server: str, folder: Path) -> Iterator[Prism]:
    """Run it before a server for the length of the block; its files lie in the folder. What is answered may be any."""
    port, described = free_port(), folder / "openapi.json"
    described.write_text(json.dumps(_without_answers(document)), encoding="utf-8")
    command = (str(PROGRAM), "proxy", "--host", HOST, "--port", str(port), str(described), server)
    with Child(command, None, folder / "prism.log") as child:
        if not wait_until(lambda: not child.alive or _answers(port), READY_SECONDS) or not child.alive:
            raise RuntimeError(f"Prism did not start:\n{child.log.read_text()}")
        yield Prism(f"http://{HOST}:{port}")


def _without_answers(document: dict[str, Any]) -> dict[str, Any]:
    """The document without the shapes of answers, in which engines differ from it and from each other."""
    paths = {
        path: {
            method: {**operation, "responses": {status: {"description": "any"} for status in operation["responses"]}}
            for method, operation in operations.items()
        }
        for path, operations in document["paths"].items()
    }
    return {**document, "paths": paths}


def _answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection((HOST, port), timeout=1):
        return True
    return False
