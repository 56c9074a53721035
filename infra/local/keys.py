"""The secrets of one installation, made once and kept in its folder: what Secret Manager holds in the cloud."""

import base64
import json
import os
import secrets
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm

_FILE = "keys.json"


@dataclass(frozen=True, kw_only=True)
class Keys:
    """Each as the setting of that name wants it."""

    encryption_keys: str
    token_signing_key: str
    token_public_keys: str

    def environment(self) -> dict[str, str]:
        """The environment variables that hand the keys to a process."""
        return {name.upper(): value for name, value in vars(self).items()}


def make_keys(folder: Path) -> Keys:
    """Return the keys kept in a folder; they are made at the first call, readable by their owner alone."""
    file = folder / _FILE
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        _write(file, json.dumps(vars(new_keys())))
    return Keys(**json.loads(file.read_text()))


def new_keys() -> Keys:
    """Make keys that nobody has seen."""
    signing = Ed25519PrivateKey.generate()
    pem = signing.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = OKPAlgorithm.to_jwk(signing.public_key(), as_dict=True)
    key_id = sha256(public["x"].encode()).hexdigest()[:16]
    document = {"keys": [{**public, "alg": "EdDSA", "use": "sig", "kid": key_id}]}
    return Keys(
        encryption_keys=f"k1:{base64.b64encode(secrets.token_bytes(32)).decode()}",
        token_signing_key=pem.decode(),
        token_public_keys=json.dumps(document),
    )


def _write(file: Path, text: str) -> None:
    """Write aside and rename, so that a crash leaves no half of the keys."""
    draft = file.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as output:
        output.write(text)
    draft.replace(file)
