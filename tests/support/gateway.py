"""The whole door of the cloud in this process: the gateway with every public function, and the pushers' entrance."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Response
from werkzeug.test import Client, TestResponse

from infra.local.front import Front
from infra.local.loading import Application, Functions
from infra.local.routes import PUSHED, Routes
from infra.local.tokens import TokenIssuer
from infra.manifest import manifest

BASE = "http://127.0.0.1:1/_functions"
PUSHER = "pusher@ventros-local.iam.gserviceaccount.com"


class Behind(Functions):
    """Public functions as they are; those that the cloud calls only say that they were reached."""

    def __init__(self, known: dict[str, Any], folder: Path) -> None:
        super().__init__(known, folder)
        self._internal = {each["name"] for each in known["functions"] if each["kind"] in PUSHED}

    def get(self, name: str) -> Application:
        return Response(status=204) if name in self._internal else super().get(name)


@dataclass(frozen=True)
class Gateway:
    client: Client
    tokens: TokenIssuer
    functions: list[dict[str, Any]]

    def service_token(self, function: str, account: str = PUSHER) -> dict[str, str]:
        """What an account of the cloud sends when it calls a function."""
        return {"Authorization": f"Bearer {self.tokens.mint(f'{BASE}/{function}', account)}"}

    def ask(self, method: str, path: str, headers: dict[str, str], **body: Any) -> TestResponse:
        return self.client.open(path, method=method, headers=headers, **body)


@contextmanager
def gateway() -> Iterator[Gateway]:
    """The door to all functions there are, before the database that the settings name."""
    known = manifest()
    with tempfile.TemporaryDirectory(prefix="ventros-gateway-") as folder:
        tokens = TokenIssuer(Path(folder))
        front = Front(Routes(known), Behind(known, Path(folder)), tokens, BASE, PUSHER)
        yield Gateway(Client(front), tokens, known["functions"])
