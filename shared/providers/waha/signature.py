"""Whether a webhook body was signed with a channel's key."""

import hashlib
import hmac
import re

ALGORITHM = "sha512"


def verify(body: bytes, header: str | None, key: str, algorithm_header: str | None = ALGORITHM) -> bool:
    """Compare the raw body's HMAC SHA-512 with the header in constant time.

    The header must be 128 lower-case hex digits, as WAHA writes them; an algorithm header, when sent, must be sha512.
    Whatever is malformed, and an empty key, is False; nothing raises.
    """
    if not key or not header or not re.fullmatch(r"[0-9a-f]{128}", header):
        return False
    if algorithm_header is not None and algorithm_header != ALGORITHM:
        return False
    return hmac.compare_digest(sign(body, key), header)


def sign(body: bytes, key: str) -> str:
    """Make the hex digest WAHA puts into X-Webhook-Hmac."""
    return hmac.new(key.encode("utf-8", "surrogatepass"), body, hashlib.sha512).hexdigest()
