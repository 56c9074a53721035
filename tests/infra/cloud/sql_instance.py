"""An instance of Cloud SQL as its connector meets it: the interface that signs certificates, and the door that asks
for one, before a real Postgres."""

import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST = "127.0.0.1"
INSTANCE = "the-project:southamerica-east1:ventros"


@dataclass
class SqlInstance:
    """`endpoint` is its interface, `port` its door; `shown` are the names of the certificates that came to the door."""

    postgres_port: int
    folder: Path
    endpoint: str = ""
    port: int = 0
    shown: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.authority = certificate("instance", self.key.public_key(), self.key, ca=True)
        for name, text in (("authority.pem", pem(self.authority)), ("server.key", key_pem(self.key))):
            (self.folder / name).write_text(text)

    def settings(self) -> dict[str, Any]:
        return {
            "region": "southamerica-east1",
            "databaseVersion": "POSTGRES_17",
            "ipAddresses": [{"type": "PRIVATE", "ipAddress": HOST}],
            "serverCaCert": {"cert": pem(self.authority)},
        }

    def signed(self, public_key: str) -> dict[str, Any]:
        loaded = serialization.load_pem_public_key(public_key.encode())
        return {"ephemeralCert": {"cert": pem(certificate("ephemeral", loaded, self.key))}}

    def carry(self, wire: ssl.SSLSocket) -> None:
        told: Any = wire.getpeercert()
        self.shown.append(told["subject"][0][0][1])
        there = socket.create_connection((HOST, self.postgres_port))
        pumps = [threading.Thread(target=pump, args=pair, daemon=True) for pair in ((wire, there), (there, wire))]
        for each in pumps:
            each.start()


def pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(65_536):
            target.sendall(piece)
    with suppress(OSError):
        target.close()


def certificate(name: str, key: Any, signer: ec.EllipticCurvePrivateKey, *, ca: bool = False) -> x509.Certificate:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "instance")]))
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .sign(signer, hashes.SHA256())
    )


def pem(made: x509.Certificate) -> str:
    return made.public_bytes(serialization.Encoding.PEM).decode()


def key_pem(key: ec.EllipticCurvePrivateKey) -> str:
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return key.private_bytes(*form).decode()


@contextmanager
def running(postgres_port: int, folder: Path) -> Iterator[SqlInstance]:
    instance = SqlInstance(postgres_port, folder)
    interface = ThreadingHTTPServer((HOST, 0), _handler(instance))
    instance.endpoint = f"http://{HOST}:{interface.server_port}"
    door = socket.create_server((HOST, 0))
    instance.port = door.getsockname()[1]
    threads = (threading.Thread(target=interface.serve_forever), threading.Thread(target=_open, args=(instance, door)))
    for each in threads:
        each.daemon = True
        each.start()
    yield instance
    interface.shutdown()
    interface.server_close()
    door.shutdown(socket.SHUT_RDWR)
    door.close()


def _open(instance: SqlInstance, door: socket.socket) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(instance.folder / "authority.pem", instance.folder / "server.key")
    tls.load_verify_locations(instance.folder / "authority.pem")
    tls.verify_mode = ssl.CERT_REQUIRED
    with suppress(OSError):
        while True:
            wire, _ = door.accept()
            with suppress(ssl.SSLError):
                instance.carry(tls.wrap_socket(wire, server_side=True))


def _handler(instance: SqlInstance) -> type[BaseHTTPRequestHandler]:
    base = "/sql/v1beta4/projects/the-project/instances/ventros"

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answer(instance.settings() if self.path == f"{base}/connectSettings" else None)

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            known = self.path == f"{base}:generateEphemeralCert"
            self.answer(instance.signed(asked["public_key"]) if known else None)

        def answer(self, found: Any) -> None:
            lets_in = self.headers["Authorization"] == "Bearer the-operator"
            body = json.dumps(found if lets_in else {"error": {"message": "not for you"}}).encode()
            self.send_response((200 if found else 404) if lets_in else 403)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    return Handler
