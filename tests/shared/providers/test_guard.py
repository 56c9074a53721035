"""The guard against every URL of the corpus, with a resolver and a network that keep a record."""

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpcore
import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from shared.providers.guard import GuardedTransport, TooMuchData, client
from shared.providers.urls import ForbiddenUrl, check_url
from tests.support.network import CORPUS, OWN, FakeNetwork, behaviour, network_for

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def delivered(network: FakeNetwork, url: str) -> bool:
    transport = GuardedTransport(own=OWN, total_seconds=5, resolve=network.resolve, network=network)
    with client(transport=transport) as http:
        try:
            return http.post(url, content=b"{}").is_success
        except (httpx.HTTPError, httpx.InvalidURL, ForbiddenUrl, UnicodeError):
            return False


# Whether a proxy was asked shows only with one in the environment: a test of its own, below.
@pytest.mark.parametrize(
    "row", [row for row in CORPUS if row.get("server") != {"behaviour": "proxy_env"}], ids=lambda row: row["id"]
)
def test_delivering_to_a_url(row):
    network = network_for(row)
    attempts = max((len(answers) for answers in network.dns.values()), default=1)
    verdicts = []
    for attempt in range(attempts):
        verdicts.append(delivered(network, row["url"]))
        assert len(network.lookups) <= attempt + 1
        assert len(network.connected) <= attempt + 1
    assert verdicts[-1] == (row["verdict"] == "allow")
    assert all(ipaddress.ip_address(address).is_global for address in network.connected)
    assert network.closed >= len(network.connected)


def test_a_proxy_of_the_environment_is_not_asked(monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:3128")
    network = FakeNetwork({"hooks.example.com": [["93.184.216.34"]]}, [OK])
    assert delivered(network, "https://hooks.example.com/x")
    assert network.connected == ["93.184.216.34"]


def test_host_and_sni_stay_the_name_while_the_address_is_connected():
    network = FakeNetwork({"hooks.example.com": [["93.184.216.34"]]}, [OK])
    assert delivered(network, "https://HOOKS.example.com./x")
    assert (network.connected, network.names) == (["93.184.216.34"], ["hooks.example.com"])
    assert b"\r\nhost: hooks.example.com\r\n" in network.written.lower()


def test_a_name_in_another_script_is_looked_up_as_dns_spells_it():
    network = FakeNetwork({"xn--bcher-kva.example": [["93.184.216.34"]]}, [OK])
    assert delivered(network, "https://bücher.example:8443/x")
    assert b"\r\nhost: xn--bcher-kva.example:8443\r\n" in network.written.lower()


@pytest.mark.parametrize("url", ["http://localhost:3999/api", "https://localhost:3999/api", "http://[::1]:3999/x"])
def test_an_operator_can_vouch_for_a_host_and_port(url):
    allow = frozenset({"localhost:3999", "[::1]:3999"})
    network = FakeNetwork({"localhost": [["127.0.0.1"]]}, [OK])
    transport = GuardedTransport(allow, resolve=network.resolve, network=network)
    check_url(url, allow)
    with client(transport=transport) as http:
        assert http.get(url).text == "ok"


def test_a_compressed_answer_is_refused_unread():
    network = FakeNetwork(
        {"hooks.example.com": [["93.184.216.34"]]},
        [b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nok"],
    )
    assert not delivered(network, "https://hooks.example.com/x")
    assert b"accept-encoding: identity" in network.written.lower()


def test_reading_stops_at_the_cap():
    network = FakeNetwork({"hooks.example.com": [["93.184.216.34"]]}, behaviour({"behaviour": "endless_body"}))
    transport = GuardedTransport(resolve=network.resolve, network=network, most_bytes=4096)
    with client(transport=transport) as http, pytest.raises(TooMuchData):
        http.get("https://hooks.example.com/x")


def test_the_second_address_is_tried_when_the_first_refuses():
    class Refusing(FakeNetwork):
        def connect_tcp(self, host, port, timeout=None, local_address=None, socket_options=None):
            stream = super().connect_tcp(host, port)
            if host == "93.184.216.34":
                raise httpcore.ConnectError("refused")
            return stream

    network = Refusing({"hooks.example.com": [["93.184.216.34", "93.184.216.35"]]}, [OK])
    transport = GuardedTransport(resolve=network.resolve, network=network)
    with client(transport=transport) as http:
        assert http.get("https://hooks.example.com/x").text == "ok"
    assert network.connected == ["93.184.216.34", "93.184.216.35"]
    assert len(network.lookups) == 1


def test_a_slow_resolver_ends_at_the_deadline():
    released = threading.Event()

    def hang(host: str, port: int) -> list[str]:
        released.wait(10)
        return []

    transport = GuardedTransport(resolve=hang, total_seconds=0.1)
    with client(transport=transport) as http, pytest.raises(httpx.ConnectTimeout):
        http.get("https://hooks.example.com/x")
    released.set()


def test_a_name_nobody_knows_cannot_be_connected():
    def unknown(host: str, port: int) -> list[str]:
        raise OSError(host)

    with client(transport=GuardedTransport(resolve=unknown)) as http, pytest.raises(httpx.ConnectError):
        http.get("https://hooks.example.com/x")


@contextmanager
def listening(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """Listen on a port of this machine and give the first caller to `answer`."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with suppress(OSError):
                caller, _ = server.accept()
                with caller:
                    answer(caller)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"127.0.0.1:{server.getsockname()[1]}"
        finally:
            thread.join()


def test_an_answer_that_drips_ends_at_the_deadline():
    def drip(caller: socket.socket) -> None:
        caller.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n")
        while True:
            caller.sendall(b"x")
            time.sleep(0.01)

    with listening(drip) as place, client(frozenset({place}), total_seconds=0.2) as http:
        began = time.monotonic()
        with pytest.raises(httpx.ReadTimeout):
            http.get(f"http://{place}/")
        assert time.monotonic() - began < 5


def test_a_certificate_nobody_signed_is_refused(tmp_path):
    context = self_signed(tmp_path)

    def answer(caller: socket.socket) -> None:
        context.wrap_socket(caller, server_side=True)

    refused = pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED")
    with listening(answer) as place, client(frozenset({place})) as http, refused:
        http.get(f"https://{place}/")


def self_signed(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    encoding = serialization.Encoding.PEM
    pem = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "pair.pem").write_bytes(pem + certificate.public_bytes(encoding))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "pair.pem")
    return context
