"""JSON without tricks: what its readers disagree about is refused."""

import json
from typing import Any


def plain_json(text: bytes) -> Any:
    """What UTF-8 JSON says; ValueError: it is none, a key stands twice in one object, or a number is no number."""
    return json.loads(text.decode("utf-8"), object_pairs_hook=_object, parse_constant=_no_constant)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")
