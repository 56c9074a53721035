"""All functions in one process, behind the front: `python -m infra.local.functions`, served as in production."""

import argparse
import json
from pathlib import Path
from typing import Any

from gunicorn.app.base import BaseApplication

from infra.local.front import Front
from infra.local.loading import Functions
from infra.local.routes import Routes
from infra.local.tokens import TokenIssuer
from shared.runtime.settings import settings

HOST = "127.0.0.1"
THREADS = 16
KEPT_OPEN = 75  # seconds an idle connection stays
FINISHING = 1  # seconds for requests under way when it is told to stop


class Server(BaseApplication):  # type: ignore[misc] # gunicorn ships no types
    """One gunicorn worker with threads, which is what functions-framework starts."""

    def __init__(self, port: int, folder: Path) -> None:
        self.options = {
            "bind": f"{HOST}:{port}",
            "workers": 1,
            "worker_class": "gthread",
            "threads": THREADS,
            "timeout": 0,
            "keepalive": KEPT_OPEN,
            "graceful_timeout": FINISHING,
            "limit_request_line": 0,
            "loglevel": "error",
            "control_socket_disable": True,
        }
        self.folder = folder
        super().__init__()

    def load_config(self) -> None:
        for name, value in self.options.items():
            self.cfg.set(name, value)

    def load(self) -> Front:
        manifest: dict[str, Any] = json.loads((self.folder / "manifest.json").read_text())
        return Front(
            Routes(manifest),
            Functions(manifest, self.folder / "functions"),
            TokenIssuer(self.folder / "bus"),
            settings().functions_base_url,
            settings().pusher_account,
        )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m infra.local.functions", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--data", type=Path, required=True, help="folder with manifest.json and the issuer's key")
    arguments = parser.parse_args()
    Server(arguments.port, arguments.data).run()


if __name__ == "__main__":
    main()
