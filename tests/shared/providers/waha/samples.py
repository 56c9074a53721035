"""The recorded and derived webhook bodies the tests read."""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[3] / "contracts" / "waha"
NAMES = sorted(path.name.removesuffix(".json") for path in FOLDER.glob("[a-z]*.json"))


def body(name: str) -> bytes:
    return (FOLDER / f"{name}.json").read_bytes()


def sample(name: str) -> dict[str, Any]:
    found = json.loads(body(name))
    assert isinstance(found, dict)
    return found


def encoded(event: object) -> bytes:
    return json.dumps(event).encode()
