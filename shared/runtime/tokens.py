"""What a token says before it is believed, read so strictly that nobody could take it for another one."""

import base64
from math import isfinite
from typing import Any

from shared.runtime.plain import plain_json

Json = dict[str, Any]
_KINDS = frozenset({"jwt", "at+jwt", "application/at+jwt"})
_TIMES = ("exp", "iat", "nbf")


def read_token(token: str) -> tuple[Json, Json]:
    """Header and claims; ValueError: they are no plain JSON, of another kind of token, or a time is no number."""
    header, claims = (_said(part) for part in token.split(".")[:2])
    if str(header.get("typ", "JWT")).lower() not in _KINDS:
        raise ValueError("this is another kind of token")
    if not all(_is_number(claims[name]) for name in _TIMES if name in claims):
        raise ValueError("a time is no number")
    return header, claims


def _said(part: str) -> Json:
    said = plain_json(base64.urlsafe_b64decode(f"{part}=="))
    if not isinstance(said, dict):
        raise ValueError("this is no JSON object")  # noqa: TRY004 - it came so; no caller of ours gave it
    return said


def _is_number(value: Any) -> bool:
    return type(value) in {int, float} and isfinite(value)
