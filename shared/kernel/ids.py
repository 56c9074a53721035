"""UUIDv7: identifiers that sort by the time they were made, and the one spelling in which ids are taken."""

import re
import secrets
import time
from uuid import UUID

_VERSION = 0x7 << 76
_VARIANT = 0x2 << 62
_MILLISECOND = 1_000_000  # nanoseconds
_SPELLED = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)


def uuid7() -> UUID:
    """A new identifier: 48 bits of Unix milliseconds, 12 of the time within one, 62 random bits (RFC 9562, 6.2)."""
    milliseconds, within = divmod(time.time_ns(), _MILLISECOND)
    fraction = (within << 12) // _MILLISECOND
    return UUID(int=(milliseconds << 80) | _VERSION | (fraction << 64) | _VARIANT | secrets.randbits(62))


def read_id(text: str) -> UUID:
    """An id that somebody sent; ValueError unless it is spelled as usual: Python reads more ways than Postgres does."""
    if not _SPELLED.fullmatch(text):
        raise ValueError("this is no id in its usual spelling")
    return UUID(text)
