"""Free ports of this machine, chosen once and kept, so that addresses stay the same over a restart."""

import json
import socket
from collections.abc import Iterable
from pathlib import Path

from infra.local.postgres import HOST, free_port, wait_until

LEFTOVER_SECONDS = 5.0  # in which a process that lost its supervisor lets go of its port


def can_bind(port: int) -> bool:
    try:
        socket.create_server((HOST, port)).close()
    except OSError:
        return False
    return True


def listens(port: int) -> bool:
    """Tell whether somebody accepts connections there."""
    try:
        socket.create_connection((HOST, port), timeout=1).close()
    except OSError:
        return False
    return True


def choose_ports(file: Path, names: Iterable[str]) -> dict[str, int]:
    """The ports that a file remembers by name, with new ones for names it does not know and for those now taken."""
    known: dict[str, int] = json.loads(file.read_text()) if file.exists() else {}
    chosen = {name: known[name] if name in known and _frees(known[name]) else free_port() for name in names}
    file.write_text(json.dumps(chosen))
    return chosen


def _frees(port: int) -> bool:
    return wait_until(lambda: can_bind(port), LEFTOVER_SECONDS)
