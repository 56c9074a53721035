"""A fake of Keycloak as an issuer: publishes its keys over HTTP, signs tokens with them, and fails as asked."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

ALGORITHM = "RS256"
REALM = "/realms/ventros"
CERTS = f"{REALM}/protocol/openid-connect/certs"
FAULTS = {"error_500", "html", "no_keys", "oct_key", "redirect", "huge", "slow", "drop"}
LIFETIME = 300  # seconds


class FakeIssuer:
    """The server; `fail` and `rotate` at any time. Use as a context manager."""

    def __init__(self, *, port: int = 0, bits: int = 2048) -> None:
        self.fault: str | None = None
        self.fetched = 0
        self.stopping = threading.Event()
        self._bits = bits
        self._server = _Server(("127.0.0.1", port), self)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.rotate()

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}{REALM}"

    @property
    def jwks_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}{CERTS}"

    def setting(self, audience: str = "ventros-api") -> dict[str, Any]:
        """One entry of the setting `token_issuers`."""
        return {
            "issuer": self.issuer,
            "audience": audience,
            "jwks_url": self.jwks_url,
            "algorithms": [ALGORITHM],
        }

    def jwks(self) -> dict[str, Any]:
        public = RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        return {"keys": [{**public, "alg": ALGORITHM, "use": "sig", "kid": self.key_id}]}

    def rotate(self) -> None:
        """Sign with a new key from now on, and publish it alone."""
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=self._bits)
        self.key_id = f"key-{time.monotonic_ns()}"

    def claims(self, subject: str, **changes: Any) -> dict[str, Any]:
        """What a token of Keycloak says; a change to None leaves a claim out."""
        now = int(time.time())
        usual = {
            "iss": self.issuer,
            "aud": ["ventros-api", "account"],
            "sub": subject,
            "typ": "Bearer",
            "azp": "ventros-web",
            "iat": now,
            "exp": now + LIFETIME,
        }
        return {name: value for name, value in {**usual, **changes}.items() if value is not None}

    def token(self, subject: str, **changes: Any) -> str:
        return jwt.encode(self.claims(subject, **changes), self.key, ALGORITHM, {"kid": self.key_id})

    def fail(self, fault: str | None) -> None:
        """Let every request from now on fail that way; None ends it."""
        if fault and fault not in FAULTS:
            raise ValueError(f"There is no fault {fault!r}; there are {', '.join(sorted(FAULTS))}.")
        self.fault = fault

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True

    def __init__(self, address: tuple[str, int], fake: FakeIssuer) -> None:
        self.fake = fake
        super().__init__(address, _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        fake = self.server.fake
        fake.fetched += 1
        if fake.fault == "drop":
            self.close_connection = True
        elif fake.fault == "slow":
            self._drip()
        elif fake.fault == "error_500":
            self._answer(500, b"{}")
        elif fake.fault == "redirect":
            self._answer(302, b"", Location=f"{fake.jwks_url}?again")
        else:
            self._answer(200, self._body(fake))

    def _body(self, fake: FakeIssuer) -> bytes:
        bodies = {
            "html": b"<html>Sign in</html>",
            "no_keys": b'{"keys": []}',
            "oct_key": json.dumps({"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": fake.key_id}]}).encode(),
            "huge": b" " * (10 << 20) + json.dumps(fake.jwks()).encode(),
        }
        return bodies.get(fake.fault or "") or json.dumps(fake.jwks()).encode()

    def _answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        try:
            self.wfile.write(body)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def _drip(self) -> None:
        """One byte at a time, until the other side has had enough."""
        self.send_response(200)
        self.end_headers()
        try:
            while not self.server.fake.stopping.wait(0.05):
                self.wfile.write(b" ")
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""
