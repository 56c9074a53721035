"""Tolerant reading of other people's JSON: any value may be missing, null, of a wrong type or huge."""

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.kernel.text import clean

MILLISECONDS_FROM = 1e11
LATEST_SECONDS = 4102444800  # 2100: what claims to be later is no time
LONGEST_NAME = 256
LONGEST_KEY = 255
LARGEST_NUMBER = 2**63
LONGEST_INTEGER = 4000
CLOCKS_APART = timedelta(days=1)


def mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def items(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def dig(value: object, *path: str) -> Any:
    """Follow keys down; None as soon as one is not there."""
    for key in path:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def text(value: object, longest: int | None = None) -> str | None:
    """Clean a string and cut it to `longest`; None when it is empty or no string."""
    if not isinstance(value, str) or not value:
        return None
    return clean(value[:longest])


def key(value: object) -> str | None:
    """Read a string fit to be looked up by: trimmed and short, or None."""
    found = (text(value) or "").strip()
    return found if 0 < len(found) <= LONGEST_KEY else None


def flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def number(value: object) -> float | None:
    """Read a finite number, also from a numeric string or a protobuf Long; integers stay exact."""
    if value is None:
        return None
    if isinstance(value, dict):
        return _long(value)
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,20}(\.[0-9]{1,20})?", value):
        value = float(value) if "." in value else int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if abs(value) < LARGEST_NUMBER and math.isfinite(value) else None


def _long(value: Mapping[str, Any]) -> int | None:
    low, high = value.get("low"), value.get("high", 0)
    if type(low) is not int or type(high) is not int:
        return None
    whole = ((high & 0xFFFFFFFF) << 32) | (low & 0xFFFFFFFF)
    return whole if whole < LARGEST_NUMBER else None


def integer(digits: str) -> float:
    """An integer of JSON; one that is too long for any use is endless."""
    return int(digits) if len(digits) < LONGEST_INTEGER else math.inf


def whole(value: object) -> int | None:
    """Read a count: a number not below zero, without its fraction."""
    found = number(value)
    return int(found) if found is not None and found >= 0 else None


def moment(value: object) -> datetime | None:
    """Seconds or milliseconds since 1970, told apart by size; None when it is neither."""
    found = number(value)
    if found is None or found <= 0:
        return None
    seconds = found / 1000 if found > MILLISECONDS_FROM else found
    return datetime.fromtimestamp(seconds, UTC) if seconds < LATEST_SECONDS else None


def not_after(at: datetime | None, told_at: datetime | None) -> datetime | None:
    """When something happened, by a phone's clock, which may be wrong: not long after the server told of it."""
    if at and told_at:
        return at if at <= told_at + CLOCKS_APART else told_at
    return at or told_at
