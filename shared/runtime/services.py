"""Services that watch the whole installation: tokens of our issuer that stand for no person and open no tenant."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from shared.runtime.identity import claims_of, refused
from shared.runtime.settings import Settings, settings

LONGEST = timedelta(days=31)  # to end one sooner, change the signing key
_SUBJECT = re.compile(r"service:[a-z][a-z0-9-]{0,62}")


def audience(known: Settings) -> str:
    """A person's token is for another one, so that neither opens what the other does."""
    return f"{known.token_audience}/services"


def service_of(header: Callable[[str], str | None]) -> str:
    """The service whose token a request brings, as in "service:prometheus"; Unauthenticated without a good one."""
    scheme, _, token = (header("X-Forwarded-Authorization") or "").partition(" ")
    if scheme.lower() != "bearer":
        raise refused()
    claims = claims_of(token, audience(settings()))
    name, seconds = claims["sub"], claims["exp"] - claims["iat"]
    if not isinstance(name, str) or not _SUBJECT.fullmatch(name) or seconds > LONGEST.total_seconds():
        raise refused()
    return name


def issue_service_token(name: str, lifetime: timedelta, known: Settings) -> str:
    """A token for a service; ValueError for a name or a lifetime that no service can have."""
    import jwt

    if not _SUBJECT.fullmatch(f"service:{name}"):
        raise ValueError("a service is named with small letters, digits and hyphens, as in prometheus")
    if not timedelta() < lifetime <= LONGEST:
        raise ValueError(f"a service token holds for {LONGEST.days} days at most")
    now = datetime.now(UTC)
    claims = {
        "iss": known.token_issuer,
        "aud": audience(known),
        "sub": f"service:{name}",
        "iat": now,
        "exp": now + lifetime,
    }
    key_id = json.loads(known.token_public_keys)["keys"][0]["kid"]
    return jwt.encode(claims, known.token_signing_key, algorithm="EdDSA", headers={"kid": key_id})
