"""The service tokens of the local cloud: what Google's OIDC issuer is in the cloud."""

import os
import time
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

ISSUER = "https://accounts.google.com"

_ALGORITHM = "RS256"
_LIFETIME = 3600
_RENEWED_BEFORE = 300


class WrongAccount(jwt.InvalidTokenError):
    """The token is good, but of somebody who is not expected."""


class TokenIssuer:
    """Signs tokens with a key that is made once and kept in the data directory, readable by its owner alone."""

    def __init__(self, data: Path) -> None:
        self._key = _key_in(data / "issuer.pem")
        document = RSAAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        self._kid = sha256(document["n"].encode()).hexdigest()[:40]
        self._jwks = {"keys": [{**document, "alg": _ALGORITHM, "use": "sig", "kid": self._kid}]}
        self._minted: dict[tuple[str, str], tuple[float, str]] = {}

    def mint(self, audience: str, email: str) -> str:
        """Sign, for an hour: this is the service account `email`, calling `audience`."""
        expiry, token = self._minted.get((audience, email), (0.0, ""))
        if expiry - _RENEWED_BEFORE < time.time():
            expiry, token = self._sign(audience, email)
            self._minted[audience, email] = expiry, token
        return token

    def jwks(self) -> dict[str, Any]:
        """Return the public key, as a JSON Web Key Set."""
        return self._jwks

    def _sign(self, audience: str, email: str) -> tuple[float, str]:
        now = int(time.time())
        subject = str(int(sha256(email.encode()).hexdigest(), 16))[:21]
        claims = {
            "iss": ISSUER,
            "aud": audience,
            "azp": subject,
            "sub": subject,
            "email": email,
            "email_verified": True,
            "iat": now,
            "exp": now + _LIFETIME,
        }
        return now + _LIFETIME, jwt.encode(claims, self._key, algorithm=_ALGORITHM, headers={"kid": self._kid})


def strip_signature(token: str) -> str:
    """Return the token as Cloud Run, having verified it, hands it to the container."""
    return f"{token.rpartition('.')[0]}.SIGNATURE_REMOVED_BY_GOOGLE"


def verify(token: str, audience: str, email: str, jwks: Mapping[str, Any]) -> dict[str, Any]:
    """Return the claims of a token for this audience and this account; jwt.InvalidTokenError for any other."""
    try:
        kid = jwt.get_unverified_header(token).get("kid")
        key = jwt.PyJWKSet.from_dict(dict(jwks))[str(kid)]
    except KeyError as error:
        raise jwt.InvalidTokenError("the token is signed by a key that is not the issuer's") from error
    claims: dict[str, Any] = jwt.decode(token, key, algorithms=[_ALGORITHM], audience=audience, issuer=ISSUER)
    if claims.get("email") != email or claims.get("email_verified") is not True:
        raise WrongAccount("the token belongs to another account")
    return claims


def _key_in(path: Path) -> rsa.RSAPrivateKey:
    if not path.exists():
        _make_key(path)
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError(f"{path} is not an RSA key; remove it and a new one is made")
    return key


def _make_key(path: Path) -> None:
    """Write aside and rename, so that a crash leaves no half of a key."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pem = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    draft = path.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pem)
    draft.replace(path)
