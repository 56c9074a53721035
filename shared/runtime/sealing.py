"""Secrets at rest: sealed with AES-GCM under a key ring, bound to the row they belong to."""

import base64
import secrets

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.runtime.settings import settings

_NONCE = 12


def seal(secret: str, *, belongs_to: str) -> str:
    """Encrypt a secret; only `unseal` with the same `belongs_to` ("channel:<id>:hmac_key") opens it."""
    key_id, key = next(iter(_ring().items()))
    nonce = secrets.token_bytes(_NONCE)
    sealed = AESGCM(key).encrypt(nonce, secret.encode(), belongs_to.encode())
    return f"{key_id}:{base64.b64encode(nonce + sealed).decode()}"


def unseal(sealed: str, *, belongs_to: str) -> str:
    """Decrypt what `seal` made, also with an older key of the ring; raises when it belongs elsewhere."""
    key_id, _, body = sealed.partition(":")
    raw = base64.b64decode(body)
    return AESGCM(_ring()[key_id]).decrypt(raw[:_NONCE], raw[_NONCE:], belongs_to.encode()).decode()


def _ring() -> dict[str, bytes]:
    pairs = (entry.strip().partition(":") for entry in settings().encryption_keys.split(",") if entry.strip())
    ring = {key_id: base64.b64decode(key) for key_id, _, key in pairs}
    if not ring:
        raise RuntimeError('set ENCRYPTION_KEYS to at least one "id:base64 of 32 bytes"')
    return ring
