"""UUIDv7: identifiers that sort by the time they were made, and the one spelling in which ids are taken."""

import re
import secrets
import time
from uuid import UUID

_VERSION = 0x7 << 76
_VARIANT = 0x2 << 62
_SPELLED = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)


def uuid7() -> UUID:
    """A new identifier: 48 bits of Unix milliseconds, 74 random bits (RFC 9562)."""
    milliseconds = time.time_ns() // 1_000_000
    random = secrets.randbits(74)
    high, low = random >> 62, random & ((1 << 62) - 1)
    return UUID(int=(milliseconds << 80) | _VERSION | (high << 64) | _VARIANT | low)


def read_id(text: str) -> UUID:
    """An id that somebody sent; ValueError unless it is spelled as usual: Python reads more ways than Postgres does."""
    if not _SPELLED.fullmatch(text):
        raise ValueError("this is no id in its usual spelling")
    return UUID(text)
