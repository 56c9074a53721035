"""Outside issuers of tokens, such as Keycloak: which are believed, by which keys, and what they prove."""

import http.client
import json
import time
import urllib.request
from dataclasses import dataclass
from functools import cache
from typing import Any, Final
from urllib.error import URLError

import jwt
from jwt.exceptions import PyJWKClientConnectionError
from pydantic import TypeAdapter

from shared.kernel.errors import Unavailable
from shared.runtime.settings import settings
from shared.runtime.telemetry import say
from shared.runtime.tokens import read_token

LEEWAY: Final = 10  # seconds that an issuer's clock may be wrong
LIFESPAN: Final = 300  # seconds until known keys are asked for again
COOLDOWN: Final = 30  # seconds between two questions that an unknown key causes, or a failed one
FIRST_COOLDOWN: Final = 5  # the same as long as no key is known at all
LONGEST_KEPT: Final = 24 * 3600  # seconds that keys outlive their issuer's silence
TIMEOUT: Final = 5  # seconds
LARGEST: Final = 1 << 20  # bytes of a key set
LONGEST: Final = 10 * 366 * 24 * 3600  # seconds that a token may be good for: more is a mistake
LONGEST_SUBJECT: Final = 255  # what OpenID Connect allows
# A shared secret would let everybody who can verify a token make one.
_ASYMMETRIC: Final = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
)
# Of logging out, of being bound to a key that we do not ask for, and of saying who somebody is.
_OTHER_PURPOSES: Final = frozenset({"events", "cnf", "at_hash"})
_REQUIRED: Final = ["exp", "iat", "iss", "aud", "sub"]


@dataclass(frozen=True, kw_only=True)
class Issuer:
    """One of the setting `token_issuers`. Its tokens may name other audiences beside ours."""

    issuer: str
    audience: str
    jwks_url: str
    algorithms: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.algorithms or not _ASYMMETRIC.issuperset(self.algorithms):
            raise ValueError(f"{self.issuer}: algorithms must be some of {', '.join(sorted(_ASYMMETRIC))}")
        if not self.jwks_url.startswith(("https://", "http://")):
            raise ValueError(f"{self.issuer}: jwks_url must be an http address")

    def verify(self, token: str) -> str:
        """The subject a token proves; jwt.PyJWTError when it is not good, Unavailable when no key can be had."""
        key_id = read_token(token)[0].get("kid")
        if not isinstance(key_id, str):
            raise jwt.InvalidTokenError("the token does not say which key signed it")
        claims = jwt.decode(
            token,
            self._key(key_id),
            algorithms=list(self.algorithms),
            issuer=self.issuer,
            audience=self.audience,
            leeway=LEEWAY,
            options={"require": _REQUIRED, "enforce_minimum_key_length": True},
        )
        _check_purpose(claims)
        subject: str = claims["sub"]
        if not subject.strip() or len(subject) > LONGEST_SUBJECT or not subject.isprintable():
            raise jwt.InvalidTokenError("the subject is blank, too long or cannot be written down")
        return subject

    def _key(self, key_id: str) -> jwt.PyJWK:
        try:
            return _keys_at(self.jwks_url).get_signing_key(key_id)
        except PyJWKClientConnectionError as error:
            raise Unavailable("the issuer of this token cannot be reached just now; try again shortly") from error


def _check_purpose(claims: dict[str, Any]) -> None:
    """InvalidTokenError: it is meant for something else than to open doors, or is to be good for ever."""
    purpose = claims.get("typ", "Bearer")
    # Keycloak repeats the nonce in access tokens up to its version 24; they say themselves what they are.
    marks = _OTHER_PURPOSES if "typ" in claims else _OTHER_PURPOSES | {"nonce"}
    if purpose != "Bearer" or not marks.isdisjoint(claims):
        raise jwt.InvalidTokenError("this is no access token, or only good together with a key")
    if claims["exp"] > time.time() + LONGEST:
        raise jwt.InvalidTokenError("the token has no end that anybody will see")


class Keys(jwt.PyJWKClient):
    """Keeps the keys it knows when the issuer is away, and asks again only after a while, whatever tokens claim."""

    def __init__(self, url: str) -> None:
        super().__init__(url, lifespan=LIFESPAN, timeout=TIMEOUT, cooldown_duration=COOLDOWN)
        self._known: dict[str, Any] | None = None
        self._known_at = self._failed_at = float("-inf")

    def fetch_data(self) -> Any:
        """The key set, fresh if it can be had; PyJWKClientConnectionError when there is none to go by."""
        wait = COOLDOWN if self._known else FIRST_COOLDOWN
        if time.monotonic() - self._failed_at >= wait:
            try:
                return self._fetched()
            except (OSError, http.client.HTTPException, ValueError, jwt.PyJWTError) as error:
                self._failed_at = time.monotonic()
                say("an issuer's keys cannot be read", level=40, problem=type(error).__name__)
        if self._known is None or time.monotonic() - self._known_at > LONGEST_KEPT:
            raise PyJWKClientConnectionError("the issuer's keys are not known and cannot be fetched")
        return self._known

    def _fetched(self) -> dict[str, Any]:
        told = self._as_jwk_set_payload(json.loads(_body(self.uri)))
        found = {**told, "keys": _verifying(told.get("keys"))}
        self._get_signing_keys_from_jwk_set(jwt.PyJWKSet.from_dict(found))
        self._known, self._known_at = found, time.monotonic()
        self._last_successful_fetch = self._known_at
        return found


def _verifying(keys: Any) -> list[dict[str, Any]]:
    """Those of a set's keys that are not published for something else."""
    return [key for key in keys if isinstance(key, dict) and _verifies(key)] if isinstance(keys, list) else []


def _verifies(key: dict[str, Any]) -> bool:
    operations = key.get("key_ops", ["verify"])
    return isinstance(operations, list) and "verify" in operations


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Only the address that was configured is asked."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _body(url: str) -> bytes:
    """What an address answers; OSError when that is too much or takes too long."""
    until = time.monotonic() + TIMEOUT
    found = bytearray()
    with urllib.request.build_opener(_NoRedirect).open(url, timeout=TIMEOUT) as answer:
        while part := answer.read1(65536):
            found += part
            if len(found) > LARGEST or time.monotonic() > until:
                raise URLError("the key set is too large or comes too slowly")
    return bytes(found)


@cache
def outside_issuers() -> dict[str, Issuer]:
    """The believed issuers by their names; ValueError when the setting cannot be read."""
    configured: list[Issuer] = TypeAdapter(list[Issuer]).validate_json(settings().token_issuers or "[]")
    return {each.issuer: each for each in configured}


@cache
def _keys_at(jwks_url: str) -> Keys:
    return Keys(jwks_url)


def issuer_of(token: str) -> Issuer | None:
    """The outside issuer that a token claims to come from, if it is a believed one."""
    claimed = jwt.decode(token, options={"verify_signature": False}).get("iss")
    return outside_issuers().get(claimed) if isinstance(claimed, str) else None


def forget() -> None:
    """Forget the configured issuers and every key."""
    outside_issuers.cache_clear()
    _keys_at.cache_clear()
