"""The JSON that a server answers with, read so that one row which cannot be read costs no other."""

import json
import re
from collections.abc import Iterator
from typing import Any

from pydantic_core import from_json

from shared.providers.waha.fields import integer

DEEPEST = 200  # levels: what is nested more deeply could be read and not be written again
_MARK = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[\]{},]', re.DOTALL)
_STEPS = {"[": 1, "{": 1, "]": -1, "}": -1}


def read_answer(content: bytes) -> Any:
    """What an answer says. A row of a list that cannot be read stays as it is written. Raises ValueError.

    A broken character becomes U+FFFD; an integer too long for any use is endless.
    """
    try:
        return from_json(content)
    except ValueError:
        text = content.decode(json.detect_encoding(content), "replace").strip("\ufeff \t\r\n")
        return [_row(*each) for each in _rows(text)] if text.startswith("[") else _parsed(text, _depth(text))


def _row(written: str, depth: int) -> Any:
    try:
        return _parsed(written, depth)
    except ValueError:
        return written


def _parsed(written: str, depth: int) -> Any:
    if depth > DEEPEST:
        raise ValueError("nested too deeply")
    return json.loads(written, parse_int=integer)


def _depth(written: str) -> int:
    depth = deepest = 0
    for mark in _MARK.finditer(written):
        depth += _STEPS.get(mark[0], 0)
        deepest = max(deepest, depth)
    return deepest


def _rows(text: str) -> Iterator[tuple[str, int]]:
    """The rows of a list as they are written, and how deeply each is nested. ValueError: the list has no end."""
    depth = deepest = start = 0
    for mark in _MARK.finditer(text):
        depth += _STEPS.get(mark[0], 0)
        deepest = max(deepest, depth)
        if depth == 0 or (depth == 1 and mark[0] in "[,"):
            if start:
                yield text[start : mark.start()].strip(), deepest - 1
            start, deepest = mark.end(), depth
        if depth == 0:
            break
    if depth or start != len(text):
        raise ValueError("a list that does not end where it should")
