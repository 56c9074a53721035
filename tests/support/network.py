"""The corpus of URLs, with a resolver and a network that keep a record of what is looked up and connected."""

import json
import ssl
from typing import Any

import httpcore

from infra.environment import ROOT

CORPUS: list[dict[str, Any]] = [
    json.loads(line) for line in (ROOT / "tests/contracts/ssrf_corpus.jsonl").read_text().splitlines()
]
OWN = frozenset({"api.ventros.example", "93.184.216.99"})
ENDLESS = 3000


def behaviour(server: dict[str, Any], body: bytes = b"") -> list[bytes] | Exception:
    """What the other side answers; the broken certificates are refused where TLS begins."""
    name = server.get("behaviour")
    if name in {None, "proxy_env"}:
        location = server.get("location")
        head = f"HTTP/1.1 {server.get('status', 200)} X\r\n" + (f"Location: {location.strip()}\r\n" if location else "")
        return [f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body]
    answers: dict[str, list[bytes]] = {
        "endless_body": [b"HTTP/1.1 200 OK\r\n\r\n", *[b"x" * 1024] * ENDLESS],
        "http09": [b"just text\n"],
        "chunk_garbage": [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nx"],
        "endless_1xx": [b"HTTP/1.1 100 Continue\r\n\r\n"] * ENDLESS,
        "rst_midway": [b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab"],
    }
    return answers.get(str(name)) or httpcore.ConnectError(f"TLS: {name}")


class FakeStream(httpcore.NetworkStream):
    def __init__(self, network: "FakeNetwork") -> None:
        self.network, self.parts = network, list(network.answer) if isinstance(network.answer, list) else []

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self.parts.pop(0) if self.parts else b""

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.network.written += buffer

    def close(self) -> None:
        self.network.closed += 1

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        self.network.names.append(str(server_hostname))
        if isinstance(self.network.answer, Exception):
            self.close()
            raise self.network.answer
        return self


class FakeNetwork(httpcore.NetworkBackend):
    """Records every lookup and every connection, and reaches nothing."""

    def __init__(self, dns: dict[str, list[list[str]]], answer: list[bytes] | Exception) -> None:
        self.dns, self.answer = dns, answer
        self.lookups: list[str] = []
        self.connected: list[str] = []
        self.names: list[str] = []
        self.written, self.closed = b"", 0

    def resolve(self, host: str, port: int) -> list[str]:
        self.lookups.append(host)
        answers = self.dns.get(host, [[]])
        return answers[min(self.lookups.count(host), len(answers)) - 1]

    def connect_tcp(self, host, port, timeout=None, local_address=None, socket_options=None):
        self.connected.append(host)
        return FakeStream(self)


def network_for(row: dict[str, Any], body: bytes = b"") -> FakeNetwork:
    dns = json.loads(json.dumps(row.get("dns") or row.get("dns_sequence") or {}).replace("$SELF_IP", "93.184.216.99"))
    return FakeNetwork(dns, behaviour(row.get("server", {}), body))
